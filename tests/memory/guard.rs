//! How much memory a guard takes that strangers flood with tokens.

use iam_sdk::server::{Guard, Introspection};
use std::time::Instant;

/// How many random tokens there are.
const FLOOD: u128 = 1_000_000;
/// How many identities, and as many refused tokens, the guard keeps.
const ENTRIES: usize = 1_000;
/// How many of them belong to good tokens.
const GOOD: usize = 200;
/// How much memory the guard may take, its entries and what is under way together: less than a byte for each token of the flood.
const MAX_BYTES: usize = 640 << 10;
/// Each sends its part of the flood, on a runtime of its own.
const THREADS: u128 = 2;

/// A million random tokens, of which the service says that they are nobody's: memory stays within a bound, and good tokens stay cached.
///
/// `allocated` returns how many bytes are allocated, and `most` the most there were since it was asked for last.
pub fn a_flood_of_tokens_takes_no_memory(allocated: impl Fn() -> usize, most: impl Fn() -> usize) {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let begun = Instant::now();
    let before = allocated();
    let guard = Guard::builder(|token: iam_sdk::UserToken| async move {
        let token = token.expose_secret();
        Ok(match token.starts_with("good-") {
            true => Introspection::active(token.to_owned()),
            false => Introspection::inactive(),
        })
    });
    let guard = guard.max_entries(ENTRIES).ttl(std::time::Duration::from_secs(3600)).build().unwrap();
    let good: Vec<_> = (0..GOOD).map(|n| format!("good-{n}")).collect();
    let all_good = || {
        runtime().block_on(async {
            for token in &good {
                assert_eq!(guard.check_token(token.as_str().into()).await.unwrap().user_id(), token);
            }
        });
    };
    all_good();
    most();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (guard, runtime) = (&guard, runtime());
            scope.spawn(move || {
                runtime.block_on(async {
                    for n in (thread + 1..=FLOOD).step_by(THREADS as usize) {
                        let random = n.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
                        let rejection = guard.check_token(format!("random-{random:032x}").into()).await.unwrap_err();
                        assert_eq!(rejection.status(), 401);
                    }
                });
            });
        }
    });
    let asked = guard.stats().introspections;
    assert_eq!(u128::from(asked), GOOD as u128 + FLOOD);
    all_good();
    assert_eq!(guard.stats().introspections, asked, "a good token was asked for again");
    let (after, most) = (allocated().saturating_sub(before), most().saturating_sub(before));
    let stats = guard.stats();
    println!(
        "{FLOOD} random tokens: {after} bytes, {most} at the most, in {} s; {} identities and {} refused tokens",
        begun.elapsed().as_secs(),
        stats.entries,
        stats.refused_entries
    );
    assert!(most <= MAX_BYTES, "{most} bytes");
    assert!(stats.entries == GOOD && stats.refused_entries <= ENTRIES * 11 / 10, "{stats:?}");
}
