//! A pager whose futures are dropped at any moment fetches every page once.

use super::{next, polled};
use iam_sdk::{
    r#async::authing::{ManagementClient, Pager},
    authing::User,
    authing::UserListOptions,
    emulator::{Emulator, authing::Seed},
};
use std::time::Duration;

/// Asks for an item or for a page, and takes what comes.
async fn take(pager: &mut Pager<User>, is_item: bool, into: &mut Vec<String>) -> bool {
    let users = match is_item {
        true => next(pager).await.map(|user| vec![user.unwrap()]),
        false => pager.next_page().await.unwrap().map(|page| page.list),
    };
    let has_more = users.is_some();
    into.extend(users.into_iter().flatten().filter_map(|user| user.username));
    has_more
}

#[tokio::test]
async fn what_a_dropped_future_began_is_gone_on_with() {
    let seed = (0..9).fold(Seed::new("pool", "secret"), |seed, n| seed.user([("username", format!("u{n}"))]));
    let emulator = Emulator::builder().authing(seed).latency(Duration::from_millis(1)).start().unwrap();
    let client = ManagementClient::builder("pool", "secret").base_url(emulator.base_url()).build().unwrap();
    client.users().list().await.unwrap();
    for times in 1..40 {
        let mut pager = client.users().list_all(UserListOptions::new().limit(3));
        let before = emulator.requests().len();
        let mut names = Vec::new();
        for turn in 0.. {
            // One way is given up after so many polls, the other one goes on.
            let mut given_up = Vec::new();
            let came = polled(times, take(&mut pager, turn % 2 == 0, &mut given_up)).await;
            names.append(&mut given_up);
            let has_more = take(&mut pager, turn % 3 == 0, &mut names).await;
            if !has_more && (came || names.len() == 9) {
                break;
            }
        }
        names.sort();
        let expected: Vec<String> = (0..9).map(|n| format!("u{n}")).collect();
        assert_eq!(names, expected, "dropped after {times} polls");
        assert_eq!(emulator.requests().len() - before, 3, "dropped after {times} polls");
    }
}
