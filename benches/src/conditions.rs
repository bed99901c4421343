//! The conditions of a run: what must not change between its beginning and its end. Pure.

use reports_record::{ContenderRecord, Environment};
use serde_json::Value;

/// Under which conditions trials are made.
#[derive(Debug, Clone, Copy)]
pub struct Conditions<'a> {
    /// Every contender as built.
    pub contenders: &'a [ContenderRecord],
    /// The machine and the checkout.
    pub environment: &'a Environment,
    /// SHA-256 of the runner, hex; `None` where a record does not tell.
    pub runner_sha256: Option<&'a str>,
}

impl Conditions<'_> {
    /// The differences between `self` and `now`, each a phrase with both values; empty when trials made now are of the same
    /// run.
    ///
    /// Not compared is what an equal hash makes irrelevant (the compiler, uncommitted changes), and what a machine tells
    /// differently from boot to boot (its memory).
    #[must_use]
    pub fn differences(&self, now: &Conditions<'_>) -> Vec<String> {
        let mut differences = Vec::new();
        for then in self.contenders {
            match now.contenders.iter().find(|contender| contender.name == then.name) {
                Some(now) => of_contender(then, now, &mut differences),
                None => differences.push(format!("contender {} is gone", then.name)),
            }
        }
        if let (Some(then), Some(now)) = (self.runner_sha256, now.runner_sha256)
            && then != now
        {
            differences.push(changed("the runner itself (SHA-256 of crossover)", short(then), short(now)));
        }
        of_environment(self.environment, now.environment, &mut differences);
        differences
    }
}

fn of_contender(then: &ContenderRecord, now: &ContenderRecord, differences: &mut Vec<String>) {
    let name = &then.name;
    if then.sha256 != now.sha256 {
        let hashes = changed("SHA-256", short(&then.sha256), short(&now.sha256));
        differences.push(format!("contender {name} is another program than this run began with ({hashes})"));
    }
    let texts = [
        ("command", then.command.join(" "), now.command.join(" ")),
        ("version", then.version.clone(), now.version.clone()),
        ("model", then.model.clone(), now.model.clone()),
    ];
    for (what, then, now) in texts.into_iter().filter(|(_, then, now)| then != now) {
        differences.push(changed(&format!("{what} of contender {name}"), then, now));
    }
    let mut settings = |with: &str, then: &Value, now: &Value| {
        for (key, then, now) in differing(then, now) {
            differences.push(changed(&format!("setting {key} of contender {name}{with}"), then, now));
        }
    };
    settings("", &then.settings, &now.settings);
    for (flags, then) in &then.settings_with {
        settings(&format!(" with {flags}"), then, now.settings_with.get(flags).unwrap_or(&Value::Null));
    }
}

/// The members of two objects that differ, with both values; of anything else, the whole.
fn differing<'v>(then: &'v Value, now: &'v Value) -> Vec<(String, &'v Value, &'v Value)> {
    let (Value::Object(before), Value::Object(after)) = (then, now) else {
        return if then == now { Vec::new() } else { vec![("(all)".to_owned(), then, now)] };
    };
    let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let both = |key: &String| {
        (key.clone(), before.get(key).unwrap_or(&Value::Null), after.get(key).unwrap_or(&Value::Null))
    };
    keys.into_iter().map(both).filter(|(_, then, now)| then != now).collect()
}

fn of_environment(then: &Environment, now: &Environment, differences: &mut Vec<String>) {
    let unknown = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
    let list = |cpus: &[u32]| cpus.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
    let of = |environment: &Environment| {
        let cpu = &environment.cpu;
        [
            ("CPUs of the client", list(&environment.client_cpus)),
            ("CPUs of contenders", list(&environment.contender_cpus)),
            ("CPUs online", cpu.online.to_string()),
            ("processor", cpu.model.clone()),
            ("hardware threads a core", unknown(&cpu.threads_per_core.map(|threads| threads.to_string()))),
            ("frequency governor", unknown(&cpu.governor)),
            ("clock source", unknown(&cpu.clock_source)),
            ("kernel", environment.kernel.clone()),
            ("descriptor limit", environment.descriptor_limit.to_string()),
            ("commit", unknown(&environment.commit)),
            ("version of crossover", environment.crossover.clone()),
        ]
    };
    for ((what, then), (_, now)) in
        of(then).into_iter().zip(of(now)).filter(|((_, then), (_, now))| then != now)
    {
        differences.push(changed(what, then, now));
    }
}

fn changed(what: &str, then: impl std::fmt::Display, now: impl std::fmt::Display) -> String {
    format!("{what}: {then} then, {now} now")
}

/// Enough of a hash to tell two builds apart.
fn short(hash: &str) -> &str {
    hash.get(..16).unwrap_or(hash)
}

#[cfg(test)]
mod tests {
    use reports_record::Cpu;
    use serde_json::json;

    use super::*;

    fn contender() -> ContenderRecord {
        ContenderRecord {
            name: "a".into(),
            model: "sync".into(),
            version: "1".into(),
            command: vec!["{binary}".into(), "--x".into()],
            sha256: "0".repeat(64),
            settings: json!({"backlog": 128, "workers": null}),
            settings_with: [("--nodelay=false".to_owned(), json!({"nodelay": false}))].into(),
        }
    }

    fn environment() -> Environment {
        let cpu = Cpu {
            model: "m".into(),
            online: 2,
            threads_per_core: None,
            governor: None,
            virtualised: true,
            clock_source: Some("tsc".into()),
        };
        Environment {
            crossover: "0.1.0".into(),
            commit: Some("c1".into()),
            dirty: Some(false),
            rustc: "r".into(),
            kernel: "Linux 6".into(),
            cpu,
            memory_bytes: Some(1),
            client_cpus: vec![0],
            contender_cpus: vec![1],
            descriptor_limit: 1024,
            throttled_before: None,
            remarks: Vec::new(),
        }
    }

    /// The differences of a contender and an environment that `change` has changed.
    fn differences(change: impl Fn(&mut ContenderRecord, &mut Environment)) -> Vec<String> {
        let (then, before) = ([contender()], environment());
        let (mut now, mut after) = ([contender()], environment());
        change(&mut now[0], &mut after);
        let conditions =
            |contenders, environment| Conditions { contenders, environment, runner_sha256: Some("a") };
        conditions(&then, &before).differences(&conditions(&now, &after))
    }

    #[test]
    fn the_same_conditions_differ_in_nothing() {
        assert_eq!(differences(|_, _| ()), [""; 0]);
        // What an equal hash makes irrelevant.
        assert_eq!(differences(|_, now| now.dirty = Some(true)), [""; 0]);
    }

    #[test]
    fn every_condition_that_changed_is_told_with_both_values() {
        type Change = fn(&mut ContenderRecord, &mut Environment);
        let cases: [(Change, &str); 13] = [
            (
                |one, _| one.sha256 = "1".repeat(64),
                "another program than this run began with (SHA-256: 0000000000000000 then, 1111111111111111 now)",
            ),
            (
                |one, _| one.command.push("--y".into()),
                "command of contender a: {binary} --x then, {binary} --x --y now",
            ),
            (|one, _| one.version = "2".into(), "version of contender a: 1 then, 2 now"),
            (
                |one, _| one.settings["backlog"] = json!(64),
                "setting backlog of contender a: 128 then, 64 now",
            ),
            (|one, _| one.settings["new"] = json!(1), "setting new of contender a: null then, 1 now"),
            (|one, _| one.settings_with.clear(), "setting (all) of contender a with --nodelay=false"),
            (|one, _| one.name = "b".into(), "contender a is gone"),
            (|_, now| now.client_cpus = vec![1], "CPUs of the client: 0 then, 1 now"),
            (|_, now| now.contender_cpus = vec![2, 3], "CPUs of contenders: 1 then, 2,3 now"),
            (|_, now| now.kernel = "Linux 7".into(), "kernel: Linux 6 then, Linux 7 now"),
            (|_, now| now.commit = None, "commit: c1 then, unknown now"),
            (|_, now| now.cpu.model = "n".into(), "processor: m then, n now"),
            (|_, now| now.descriptor_limit = 1, "descriptor limit: 1024 then, 1 now"),
        ];
        for (change, expected) in cases {
            let found = differences(change);
            assert!(found.len() == 1 && found[0].contains(expected), "{expected}: {found:?}");
        }
    }

    #[test]
    fn another_runner_differs_and_one_that_is_not_told_does_not() {
        let (contenders, environment) = ([contender()], environment());
        let by =
            |runner_sha256| Conditions { contenders: &contenders, environment: &environment, runner_sha256 };
        assert_eq!(by(Some("a")).differences(&by(Some("b"))).len(), 1);
        assert_eq!(by(None).differences(&by(Some("b"))).len(), 0);
    }
}
