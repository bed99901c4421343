//! Names for folders that begin in the same second.

/// Folders that may begin in one second.
const MOST: u32 = 1_000;

/// Makes something under the name `id`. Where that `is_taken`, it gets a number: `id-2`, `id-3` and so on.
///
/// # Errors
/// Any other error of `make`, and the last one when a thousand names are taken.
pub(super) fn make<T, E>(
    id: &str,
    is_taken: impl Fn(&E) -> bool,
    mut make: impl FnMut(&str) -> Result<T, E>,
) -> Result<T, E> {
    let mut number = 1;
    loop {
        let made = if number == 1 { make(id) } else { make(&format!("{id}-{number}")) };
        match made {
            Err(error) if is_taken(&error) && number < MOST => number += 1,
            made => return made,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_gets_a_number_and_other_errors_end_it() {
        let taken = ["id", "id-2"];
        let asked = |result: Result<(), &'static str>| {
            make(
                "id",
                |error| *error == "taken",
                |name| {
                    if taken.contains(&name) { Err("taken") } else { result.map(|()| name.to_owned()) }
                },
            )
        };
        assert_eq!(asked(Ok(())).as_deref(), Ok("id-3"));
        assert_eq!(asked(Err("no room")), Err("no room"));
        assert_eq!(make("id", |_: &()| true, |_| Err::<(), ()>(())), Err(()), "it ends");
    }
}
