//! Answers and tables of planted cases: the first sentence is worked out by hand, and no sentence contradicts the table below it.

use reports_stats::looks::Looks;

use super::table::table;
use super::words::answer;
use super::{Block, Findings, Level, Reading, Winner};

/// The figures of one server in every block, but for a little noise.
#[derive(Clone, Copy)]
struct Shown {
    throughput: Option<f64>,
    cpu_us: Option<f64>,
    p50_us: Option<f64>,
    p99_us: Option<f64>,
    memory_mib: Option<f64>,
    is_client_limited: bool,
    overloaded_at: Option<f64>,
}

/// 4,000 requests a second on four connections, which wait for a millisecond each.
const A_MILLISECOND: Shown = Shown {
    throughput: Some(4_000.0),
    cpu_us: Some(200.0),
    p50_us: Some(1_000.0),
    p99_us: None,
    memory_mib: None,
    is_client_limited: false,
    overloaded_at: None,
};

/// As many blocks as the first look takes, each a fifth of a percent above or below.
const BLOCKS: usize = 8;

fn reading(shown: Shown, factor: f64) -> Reading {
    let noisy = |figure: Option<f64>| figure.map(|figure| figure * factor);
    Reading {
        throughput_per_s: noisy(shown.throughput),
        is_client_limited: shown.is_client_limited,
        memory_mib: noisy(shown.memory_mib),
        levels: vec![Level {
            cpu_us: noisy(shown.cpu_us),
            p50_us: noisy(shown.p50_us),
            p99_us: noisy(shown.p99_us),
            overloaded_at_per_s: noisy(shown.overloaded_at),
            ..Level::default()
        }],
        ..Reading::default()
    }
}

/// Findings of blocks whose second server is off by these factors, block by block.
fn found_in(one: Shown, two: Shown, rate: f64, factors: &[f64]) -> Findings {
    let block = |factor: &f64| Block {
        has_closed: true,
        has_level: vec![true],
        readings: vec![reading(one, 1.0), reading(two, *factor)],
    };
    let blocks: Vec<Block> = factors.iter().map(block).collect();
    Findings::of(vec!["a".into(), "b".into()], vec![rate], &blocks, &Looks::once(factors.len()))
}

fn found(one: Shown, two: Shown, rate: f64) -> Findings {
    let factors: Vec<f64> =
        (0..BLOCKS).map(|block| if block % 2 == 0 { 1.002 } else { 1.0 / 1.002 }).collect();
    found_in(one, two, rate, &factors)
}

/// The sentences and the table's lines; each row that is won has a sentence of its own, and no other sentence names a winner.
fn told(found: &Findings) -> (Vec<String>, Vec<String>) {
    let sentences = answer(found, 1);
    let rows: Vec<String> = table(found, 1).unwrap_or_default().lines().skip(1).map(str::to_owned).collect();
    let wins = sentences.iter().filter(|sentence| sentence.contains("95 % sure")).count();
    let won = rows.iter().filter(|row| row.ends_with(" wins")).count();
    assert_eq!(wins, won, "{sentences:#?}{rows:#?}");
    let is_alike = sentences.iter().any(|sentence| sentence.contains("are alike"));
    assert!(!is_alike || rows.iter().all(|row| row.ends_with("tie")), "{sentences:#?}{rows:#?}");
    let is_open = sentences.iter().any(|sentence| sentence.starts_with("No winner"));
    assert!(!is_open || won == 0, "{sentences:#?}{rows:#?}");
    (sentences, rows)
}

fn assert_says(sentences: &[String], part: &str) {
    assert!(sentences.iter().any(|sentence| sentence.contains(part)), "{part}: {sentences:#?}");
}

#[test]
fn one_a_hundred_times_slower_is_told_by_what_each_serves() {
    let slow = Shown { throughput: Some(40.0), p50_us: Some(100_000.0), ..A_MILLISECOND };
    let found = Findings { are_rates_shares: true, ..found(A_MILLISECOND, slow, 28.0) };
    let (sentences, rows) = told(&found);
    let first = "a serves 100 times as many requests as b: 4.00k/s against 40.0/s (×99.";
    assert!(sentences[0].starts_with(first), "{sentences:#?}");
    assert_says(&sentences, "b takes 100 times as long as a to answer at 28.0/s: p50 100 ms against 1.00 ms");
    assert_says(&sentences, "a and b tie within 5 % in CPU at 28.0/s.");
    // A machine in which b is a fifth faster for a while changes the amount alone.
    let factors = [1.2, 1.2, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
    let first = &told(&found_in(A_MILLISECOND, slow, 28.0, &factors)).0[0];
    assert!(first.starts_with("a serves 95.5 times as many requests as b"), "{first}");
    assert_says(&sentences, "Beyond 40.0/s b does not keep up, and a does up to 4.00k/s.");
    assert!(
        rows[0].ends_with("a wins") && rows[1].ends_with("tie") && rows[2].ends_with("a wins"),
        "{rows:#?}"
    );
}

/// A rate that was asked about stands before what they could serve, for it is the question.
#[test]
fn a_rate_that_one_of_them_serves_is_told_with_what_the_other_serves_of_it() {
    let slow =
        Shown { throughput: Some(2_000.0), p50_us: Some(50_000.0), cpu_us: Some(150.0), ..A_MILLISECOND };
    let weak = Shown { overloaded_at: Some(2_000.0), ..slow };
    let (sentences, rows) = told(&found(A_MILLISECOND, weak, 3_000.0));
    assert_eq!(sentences[0], "a keeps up with 3.00k/s, and b does not: it serves 2.00k/s of it.");
    assert!(sentences[1].starts_with("a serves 2.00 times as many requests as b"), "{sentences:#?}");
    // The longer it is asked, the longer its queue: 50 ms are those of a slice.
    assert_says(
        &sentences,
        "b takes at least 50.0 times as long as a to answer at 3.00k/s: p50 ≥ 50.0 ms against 1.00 ms",
    );
    // A quarter less a request, at two thirds of the rate.
    assert_says(
        &sentences,
        "Cannot tell CPU at 3.00k/s: b ÷ a is ×0.750 (0.749–0.751), but b does not keep up with that rate, so that their costs \
         are at different rates; ask at a --rate that both serve.",
    );
    assert!(sentences.iter().all(|sentence| !sentence.starts_with("At 3.00k/s, a needs")), "{sentences:#?}");
    assert!(rows[1].ends_with("cannot tell") && rows[2].contains("≥ 50.0 ms"), "{rows:#?}");
    // The same the other way round.
    let (turned, rows) = told(&found(weak, A_MILLISECOND, 3_000.0));
    assert_eq!(turned[0], "b keeps up with 3.00k/s, and a does not: it serves 2.00k/s of it.");
    assert!(rows[2].ends_with("b wins"), "{rows:#?}");
}

#[test]
fn a_rate_beyond_both_has_no_winner_in_cost_or_response_time() {
    let one = Shown { overloaded_at: Some(4_000.0), p50_us: Some(60_000.0), ..A_MILLISECOND };
    let two = Shown {
        throughput: Some(2_000.0),
        overloaded_at: Some(2_000.0),
        p50_us: Some(80_000.0),
        cpu_us: Some(400.0),
        ..A_MILLISECOND
    };
    let (sentences, rows) = told(&found(one, two, 10_000.0));
    assert_eq!(sentences[0], "Neither a nor b keeps up with 10.0k/s: they serve 4.00k/s and 2.00k/s of it.");
    assert!(sentences[1].starts_with("a serves 2.00 times as many requests as b"), "{sentences:#?}");
    for (question, why) in [("CPU", "so that their costs"), ("p50", "so that these times say how long")] {
        assert_says(&sentences, &format!("Cannot tell {question} at 10.0k/s: "));
        assert_says(&sentences, &format!("but neither a nor b keeps up with that rate, {why}"));
    }
    assert!(rows[1..].iter().all(|row| row.ends_with("cannot tell")), "{rows:#?}");
    // Slices of so low a rate have too few requests for a queue to be seen in.
    let weak = Shown { throughput: Some(20.0), p50_us: Some(50_000.0), ..A_MILLISECOND };
    let (sentences, _) = told(&found(weak, weak, 30.0));
    assert_eq!(sentences[0], "Neither a nor b keeps up with 30.0/s: they serve 20.0/s and 20.0/s of it.");
    // Fewer blocks than a verdict takes say nothing of a rate either.
    let (sentences, _) = told(&found_in(weak, weak, 30.0, &[1.0; 5]));
    assert_eq!(sentences, ["Nothing can be said of a and b: there are too few blocks with figures."]);
    // Of one without any sound figure nothing is said.
    let none = Shown { cpu_us: None, p50_us: None, overloaded_at: None, ..two };
    let (sentences, _) = told(&found(none, two, 10_000.0));
    assert_eq!(sentences[0], "b does not keep up with 10.0k/s: it serves 2.00k/s of it.");
    // Two that are equal are not alike at a rate that neither serves, however little it takes of a core.
    let (sentences, _) =
        told(&found(Shown { cpu_us: Some(1.0), ..one }, Shown { cpu_us: Some(1.0), ..one }, 10_000.0));
    assert!(sentences[0].starts_with("Neither a nor b keeps up with 10.0k/s"), "{sentences:#?}");
    assert_says(&sentences, "a and b tie within 5 % in capacity.");
}

/// 200 µs a request are 2 % of a core at 100/s: neither matters, however the rest is decided.
#[test]
fn a_rate_that_was_asked_about_and_takes_next_to_nothing_makes_either_do() {
    let costly =
        Shown { throughput: Some(8_000.0), cpu_us: Some(250.0), p50_us: Some(1_500.0), ..A_MILLISECOND };
    let (sentences, rows) = told(&found(A_MILLISECOND, costly, 100.0));
    assert_eq!(sentences[0], "Either will do: at 100/s a and b both need less than 3 % of a core.");
    assert!(sentences[1].starts_with("b serves 2.00 times as many requests as a"), "{sentences:#?}");
    assert!(rows[1].ends_with("a wins"), "{rows:#?}");
    // No user asks for a tenth of the weaker one's capacity: the capacities stand first.
    let shares = Findings { are_rates_shares: true, ..found(A_MILLISECOND, costly, 100.0) };
    assert!(
        told(&shares).0[0].starts_with("b serves 2.00 times as many requests"),
        "{:#?}",
        answer(&shares, 1)
    );
    // One request in a hundred takes half a second longer.
    let tail = |p99| Shown { p99_us: Some(p99), ..A_MILLISECOND };
    let (sentences, _) = told(&found(tail(2_000.0), tail(500_000.0), 100.0));
    assert!(
        sentences[0]
            .starts_with("b takes 250 times as long as a to answer at 100/s: p99 500 ms against 2.00 ms"),
        "{sentences:#?}"
    );
}

/// A question without figures is not one of those that are alike, and is told.
#[test]
fn figures_that_one_side_lacks_are_told_and_make_nobody_alike() {
    let none = Shown { throughput: None, cpu_us: None, p50_us: None, ..A_MILLISECOND };
    let (sentences, rows) = told(&found(A_MILLISECOND, none, 1_000.0));
    assert_eq!(sentences, ["Nothing can be said of a and b: there are too few blocks with figures."]);
    assert!(rows.is_empty(), "{rows:#?}");
    let (sentences, rows) = told(&found(A_MILLISECOND, Shown { throughput: None, ..A_MILLISECOND }, 1_000.0));
    assert_eq!(sentences[0], "a and b tie within 5 % in CPU at 1.00k/s and p50 at 1.00k/s.");
    assert_says(
        &sentences,
        "Nothing can be said of capacity: too few blocks have sound figures; the notes say why.",
    );
    assert!(rows.len() == 2 && rows.iter().all(|row| row.ends_with("tie")), "{rows:#?}");
    let (sentences, _) =
        told(&found(A_MILLISECOND, Shown { cpu_us: None, p50_us: None, ..A_MILLISECOND }, 1_000.0));
    assert_eq!(sentences[0], "a and b tie within 5 % in capacity.");
    assert_says(
        &sentences,
        "Nothing can be said of CPU at 1.00k/s and p50 at 1.00k/s: too few blocks have sound",
    );
    // Of a server that runs already no CPU time is read, which a note tells: the rest is alike.
    let (sentences, _) = told(&found(
        Shown { cpu_us: None, ..A_MILLISECOND },
        Shown { cpu_us: None, ..A_MILLISECOND },
        1_000.0,
    ));
    assert!(sentences[0].starts_with("a and b are alike"), "{sentences:#?}");
}

/// Two seconds of 5/s hold ten requests, and a median takes twenty.
#[test]
fn a_rate_of_too_few_requests_says_what_a_median_needs() {
    let rare = Shown { p50_us: None, ..A_MILLISECOND };
    let rare = Findings { offered_requests: vec![10.0], ..found(rare, rare, 5.0) };
    let (sentences, _) = told(&rare);
    assert_eq!(sentences[0], "a and b tie within 5 % in capacity and CPU at 5.00/s.");
    assert_says(
        &sentences,
        "Nothing can be said of p50 at 5.00/s: a median needs 20 requests of each server in a block, and this rate offers fewer.",
    );
}

/// Each way of taking a verdict back at once: the client limited the loser, and the rate is beyond both.
#[test]
fn a_case_whose_every_question_was_taken_back_names_no_winner() {
    let one = Shown { overloaded_at: Some(4_000.0), p50_us: Some(60_000.0), ..A_MILLISECOND };
    let two = Shown {
        throughput: Some(2_000.0),
        is_client_limited: true,
        cpu_us: Some(400.0),
        p50_us: Some(90_000.0),
        overloaded_at: Some(2_000.0),
        ..A_MILLISECOND
    };
    let (sentences, rows) = told(&found(one, two, 10_000.0));
    assert!(sentences[0].starts_with("Neither a nor b keeps up"), "{sentences:#?}");
    assert_eq!(sentences[1], "No winner between a and b after 8 blocks.");
    assert_says(
        &sentences,
        "Cannot tell capacity: b ÷ a is ×0.500 (0.499–0.501), but the client was the limit",
    );
    assert!(rows.iter().all(|row| row.ends_with("cannot tell")), "{rows:#?}");
    // Alike in the first two of eight blocks, and twice as much of everything in the others.
    let factors = [1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0];
    let (sentences, rows) = told(&found_in(A_MILLISECOND, A_MILLISECOND, 1_000.0, &factors));
    assert_eq!(sentences[0], "No winner between a and b after 8 blocks.");
    let unsteady =
        sentences.iter().filter(|sentence| sentence.contains("depends on the state of this machine"));
    assert!(
        unsteady.count() == 3 && rows.iter().all(|row| row.ends_with("cannot tell")),
        "{sentences:#?}{rows:#?}"
    );
}

#[test]
fn a_server_against_itself_is_alike_or_undecided() {
    let shown = Shown { memory_mib: Some(20.0), p99_us: Some(3_000.0), ..A_MILLISECOND };
    let (sentences, rows) = told(&found(shown, shown, 1_000.0));
    assert_eq!(
        sentences[0],
        "a and b are alike: nothing that was asked differs by more than 5 % (8 blocks)."
    );
    assert_eq!(rows.len(), 5, "{rows:#?}");
    let noise = [1.3, 0.7, 1.1, 0.9, 1.3, 0.8, 1.2, 0.75];
    let (sentences, _) = told(&found_in(shown, shown, 1_000.0, &noise));
    assert_eq!(sentences[0], "No winner between a and b after 8 blocks.");
}

/// Memory and the slowest hundredth keep nothing going, and are no less a difference for that.
#[test]
fn a_difference_in_memory_alone_is_the_answer() {
    let shown = |memory| Shown { memory_mib: Some(memory), ..A_MILLISECOND };
    let (sentences, rows) = told(&found(shown(10.0), shown(30.0), 1_000.0));
    assert!(
        sentences[0].starts_with("b needs 3.00 times as much memory as a: 30.0 MiB against 10.0 MiB"),
        "{sentences:#?}"
    );
    assert_says(&sentences, "a and b tie within 5 % in capacity, CPU at 1.00k/s and p50 at 1.00k/s.");
    assert!(rows.last().unwrap().ends_with("a wins"), "{rows:#?}");
    // Undecided memory is not alike either.
    let mut blocks = vec![];
    for factor in [1.3, 0.7, 1.1, 0.9, 1.3, 0.8, 1.2, 0.75] {
        let readings = vec![
            reading(shown(10.0), 1.0),
            Reading { memory_mib: Some(10.0 * factor), ..reading(shown(10.0), 1.0) },
        ];
        blocks.push(Block { has_closed: true, has_level: vec![true], readings });
    }
    let found = Findings::of(vec!["a".into(), "b".into()], vec![1_000.0], &blocks, &Looks::once(BLOCKS));
    let (sentences, rows) = told(&found);
    assert_eq!(sentences[0], "a and b tie within 5 % in capacity, CPU at 1.00k/s and p50 at 1.00k/s.");
    assert!(rows.last().unwrap().ends_with("cannot tell"), "{rows:#?}");
}

/// Every mixture of winners, ties, missing figures and overload: [`told`] holds each answer to its table.
#[test]
fn no_mixture_of_findings_has_a_sentence_that_its_table_contradicts() {
    let ratios = [None, Some(0.5), Some(1.0), Some(2.0)];
    let times =
        |figure: Option<f64>, ratio: Option<f64>| figure.zip(ratio).map(|(figure, ratio)| figure * ratio);
    let mut tried = 0;
    for overload in 0..4 {
        for capacity in ratios {
            for cpu in ratios {
                for p50 in ratios {
                    for rest in ratios {
                        let overloaded = |side: u32| (overload >> side & 1 == 1).then_some(900.0);
                        let one = Shown {
                            p99_us: Some(5_000.0),
                            memory_mib: Some(20.0),
                            overloaded_at: overloaded(0),
                            ..A_MILLISECOND
                        };
                        let two = Shown {
                            throughput: times(one.throughput, capacity),
                            cpu_us: times(one.cpu_us, cpu),
                            p50_us: times(one.p50_us, p50),
                            p99_us: times(one.p99_us, rest),
                            memory_mib: times(one.memory_mib, rest),
                            overloaded_at: overloaded(1),
                            ..one
                        };
                        for are_rates_shares in [false, true] {
                            let found = Findings { are_rates_shares, ..found(one, two, 1_000.0) };
                            let (sentences, _) = told(&found);
                            let has_win = found.all.iter().any(|finding| finding.winner.is_win());
                            let first = &sentences[0];
                            assert!(overload == 0 || first.contains("with 1.00k/s"), "{sentences:#?}");
                            assert!(overload == 0 || sentences.iter().all(|one| !one.starts_with("Either")));
                            assert!(
                                !has_win || !first.starts_with("Nothing") && !first.starts_with("No winner"),
                                "{sentences:#?}"
                            );
                            tried += 1;
                        }
                    }
                }
            }
        }
    }
    assert_eq!(tried, 2 * 4_u32.pow(5));
}

/// Blocks in which half of the requests of b never ended: at least as long as they were waited for. Leaving those blocks out would keep the
/// ones in which b was quick.
#[test]
fn response_times_known_as_lower_bounds_can_lose_and_neither_win_nor_tie() {
    for (p50_us, winner) in
        [(900_000.0, Winner::First), (1_000.0, Winner::CannotTell), (100.0, Winner::CannotTell)]
    {
        let slow = Shown { p50_us: Some(p50_us), ..A_MILLISECOND };
        let mut blocks: Vec<Block> = vec![];
        for bound in [true, false, false, false, false, false, false, false] {
            let mut readings = vec![reading(A_MILLISECOND, 1.0), reading(slow, 1.0)];
            readings[1].levels[0].is_p50_at_least = bound;
            blocks.push(Block { has_closed: true, has_level: vec![true], readings });
        }
        let found = Findings::of(vec!["a".into(), "b".into()], vec![1_000.0], &blocks, &Looks::once(BLOCKS));
        let p50 = found.all.iter().find(|finding| finding.at_least.1).unwrap();
        assert_eq!((p50.winner, p50.blocks), (winner, BLOCKS), "{p50:?}");
    }
}
