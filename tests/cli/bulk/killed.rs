//! An import that is killed, and started again.

use super::{World, csv_of, names_of};

/// How many users there are, and how often the import is killed. `tests/python/import_kills.py`, which the gate runs on an optimised
/// binary, is the large proof: 100,000 users, and kills at moments spread over the time that an import takes.
fn size() -> (usize, usize) {
    let number = |name, default| {
        std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|error| panic!("{name}: {error}")))
    };
    let (users, kills) = (number("IAM_CLI_USERS", 2000), number("IAM_CLI_KILLS", 20));
    assert!(kills > 0 && users / kills > 20, "{users} users are too few for {kills} kills");
    (users, kills)
}

/// Numbers that a seed decides.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

#[test]
fn every_user_is_created_once_whenever_it_is_killed() {
    let (users, kills) = size();
    let world = World::new();
    world.write("users.csv", csv_of(users));
    let arguments = ["authing", "users", "import", "users.csv", "-o", "json", "--quiet"];
    let service = world.client().users();
    let total = || service.list().unwrap().total_count as u64;
    let seeded = total();
    let mut random = Random(20_261_121);
    let mut target = 0;
    for kill in 0..kills {
        // It is killed once so many are there, and a little later: in the middle of a call, or of a line of the journal.
        target += 1 + random.below((users / kills) as u64 - 10);
        let mut process = world.command(&arguments).spawn().unwrap();
        while total() < seeded + target {
            assert_eq!(process.try_wait().unwrap(), None, "kill {kill}: it ended before there were {target}");
        }
        (0..random.below(200_000)).for_each(|_| std::hint::spin_loop());
        process.kill().unwrap();
        process.wait().unwrap();
        target = target.max(total() - seeded);
        assert!(target < users as u64, "it was too fast to be killed {kills} times");
    }
    let last = world.iam(&arguments);
    assert_eq!((last.code, last.count("failed"), last.count("left")), (0, 0, 0), "{last:?}");
    assert_eq!(last.count("created") + last.count("earlier"), users as u64, "{last:?}");
    assert_eq!(world.usernames("u-"), names_of(users));
    assert_eq!(total(), seeded + users as u64);
    let again = world.iam(&[&arguments[..], &["--skip-existing"]].concat());
    assert_eq!((again.code, again.count("skipped")), (0, users as u64), "{again:?}");
}
