//! Requests that are well-formed HTTP and outside the contract: refused alike, in the contract's own words.

use servers_contract::{Call, Refusal};

use crate::case::{Case, End, Expected, request};

/// Status, method and target. The status is repeated here so that the contract is held to it as well.
const REFUSED: [(u16, &str, &str); 47] = [
    (400, "GET", "/wait"),
    (400, "GET", "/wait?"),
    (400, "GET", "/wait?ms"),
    (400, "GET", "/wait?ms="),
    (400, "GET", "/wait?ms=-1"),
    (400, "GET", "/wait?ms=+5"),
    (400, "GET", "/wait?ms=%2B5"),
    (400, "GET", "/wait?ms=NaN"),
    (400, "GET", "/wait?ms=inf"),
    (400, "GET", "/wait?ms=1e3"),
    (400, "GET", "/wait?ms=0x10"),
    (400, "GET", "/wait?ms=1.2345"),
    (400, "GET", "/wait?ms=1."),
    (400, "GET", "/wait?ms=.5"),
    (400, "GET", "/wait?ms=1,5"),
    (400, "GET", "/wait?ms=60000.001"),
    (400, "GET", "/wait?ms=99999999999999999999"),
    (400, "GET", "/wait?ms=1&ms=1"),
    (400, "GET", "/wait?ms=1&colour=red"),
    (400, "GET", "/wait?ms=1&"),
    (400, "GET", "/wait?ms=1&blocking=yes"),
    (400, "GET", "/wait?MS=1"),
    (400, "GET", "/hello?x=1"),
    (400, "GET", "/cpu"),
    (400, "GET", "/cpu?rounds=-1"),
    (400, "GET", "/cpu?rounds=1.5"),
    (400, "GET", "/cpu?rounds=10000001"),
    (400, "GET", "/cpu?rounds=1&run=elsewhere"),
    (400, "GET", "/cpu?rounds=1&run=pool&run=pool"),
    (400, "GET", "/mixed?ms=1"),
    (400, "GET", "/mixed?rounds=1"),
    (400, "GET", "/upstream"),
    (400, "GET", "/upstream?ms=-1"),
    (400, "GET", "/upstream?ms=1&blocking=1"),
    (400, "GET", "/payload"),
    (400, "GET", "/payload?bytes=-1"),
    (400, "GET", "/payload?bytes=99999999999"),
    (404, "GET", "/"),
    (404, "GET", "/nowhere"),
    (404, "GET", "/hello/"),
    (404, "GET", "/HELLO"),
    (404, "GET", "/%68ello"),
    (405, "POST", "/hello"),
    (405, "DELETE", "/wait?ms=1"),
    (405, "PUT", "/cpu?rounds=1"),
    (405, "GET", "/echo"),
    (405, "POST", "/stats"),
];

pub(super) fn cases() -> Vec<Case> {
    let of_the_contract = REFUSED.iter().filter_map(|(_, method, target)| refused(method, target));
    of_the_contract.chain([without_upstream()]).collect()
}

fn refused(method: &str, target: &str) -> Option<Case> {
    let refusal = Call::parse(method, target).err()?;
    let name = format!("refusal: {method} {target}");
    let expected = Expected::Exactly(refusal.reply());
    Some(Case::single(name, request(method, target, &[], b""), expected, End::Open))
}

/// The suite gives no contender an upstream.
fn without_upstream() -> Case {
    let sent = request("GET", "/upstream?ms=1", &[], b"");
    let expected = Expected::Exactly(Refusal::NoUpstream.reply());
    Case::single("refusal: GET /upstream?ms=1 without an upstream".to_owned(), sent, expected, End::Open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_refuses_each_with_the_status_named_here() {
        for (status, method, target) in REFUSED {
            let refusal = Call::parse(method, target).expect_err(target);
            assert_eq!(refusal.reply().status, status, "{method} {target}");
        }
    }
}
