//! How much memory a guard takes that strangers flood with tokens.

use iam_sdk::server::{Guard, Known};
use std::time::Instant;

/// How many random tokens there are.
const FLOOD: u128 = 1_000_000;
/// How many identities, and as many refused tokens, the guard keeps.
const ENTRIES: usize = 1_000;
/// How many of them belong to good tokens.
const GOOD: usize = 200;
/// How much memory the guard may take for them: key, links and ages of each, as much again for growth, and a part that is fixed.
const MAX_BYTES: usize = 2 * ENTRIES * 512 + (256 << 10);

/// A million random tokens, of which the service says that they are nobody's: memory stays within a bound, and good tokens stay cached.
///
/// `allocated` returns how many bytes are allocated, and `most` the most there were since it was asked for last.
pub fn a_flood_of_tokens_takes_no_memory(allocated: impl Fn() -> usize, most: impl Fn() -> usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let begun = Instant::now();
    let before = allocated();
    let guard = Guard::builder(|token: iam_sdk::UserToken| async move {
        let token = token.expose_secret();
        Ok(token.starts_with("good-").then(|| Known::new(token.to_owned())))
    });
    let guard = guard.max_entries(ENTRIES).ttl(std::time::Duration::from_secs(3600)).build().unwrap();
    runtime.block_on(async {
        let good: Vec<_> = (0..GOOD).map(|n| format!("good-{n}")).collect();
        for token in &good {
            guard.check_token(token.as_str().into()).await.unwrap();
        }
        most();
        for n in 1..=FLOOD {
            let random = n.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
            let rejection = guard.check_token(format!("random-{random:032x}").into()).await.unwrap_err();
            assert_eq!(rejection.status(), 401);
        }
        let (asked, seconds) = (guard.stats().introspections, begun.elapsed().as_secs_f64());
        println!("{FLOOD} checks in {seconds:.1} s");
        assert_eq!(asked as u128, GOOD as u128 + FLOOD);
        for token in &good {
            assert_eq!(guard.check_token(token.as_str().into()).await.unwrap().user_id(), token);
        }
        assert_eq!(guard.stats().introspections, asked, "a good token was asked for again");
    });
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
