//! The contender's column of the document on ambiguous requests.

use std::path::Path;
use std::time::Duration;
use std::{env, fs};

use servers_conformance::Program;
use servers_conformance::contenders::Role;
use servers_conformance::framing::{AMBIGUOUS, Answers, Delivery, RULES, observe, with_column};

use super::{NAME, command, contender};

/// How long no answer means that none will come. Far above what an answer takes; each request that a contender waits
/// for the rest of costs as much.
const PATIENCE: Duration = Duration::from_secs(3);

/// With `BLESS=1` the document is written instead of compared. A control answers alike however the bytes arrive.
#[test]
fn the_document_on_framing_says_what_it_answers() {
    let program = Program::start(&command()).unwrap();
    let answers = observe(program.ready().address, PATIENCE, Delivery::Whole);
    if contender().role == Role::Control {
        is_right(&answers);
        for delivery in [Delivery::Bytes, Delivery::AfterAnother] {
            let others = observe(program.ready().address, PATIENCE, delivery);
            assert_eq!(others, answers, "{delivery:?}");
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/FRAMING.md");
    let document = fs::read_to_string(&path).unwrap();
    let now = with_column(&document, NAME, &answers).unwrap();
    if env::var_os("BLESS").is_some() {
        fs::write(&path, now).unwrap();
    } else {
        let news = now.lines().filter(|line| !document.contains(line)).collect::<Vec<_>>().join("\n");
        assert!(now == document, "docs/FRAMING.md is not what {NAME} answers; run with BLESS=1:\n{news}");
    }
}

/// A control keeps every rule, and refuses each ambiguous request with 400 and hangs up; with 413 what only says,
/// well-formed, that it is too large.
fn is_right(answers: &Answers) {
    for (rule, answer) in RULES.iter().zip(&answers.rules) {
        assert!(rule.right.holds(&answer.to_string()), "{}: {answer}", rule.what);
    }
    for (row, answer) in AMBIGUOUS.iter().zip(&answers.ambiguous) {
        let status = if row.what.ends_with("past 64 bits") { 413 } else { 400 };
        assert_eq!(answer.to_string(), format!("{status}, closed"), "{}", row.what);
    }
}
