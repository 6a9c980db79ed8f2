//! A call owns all that it needs: it outlives the handle, the client and the arguments that it was made with.

use iam_sdk::{Client, emulator::Emulator};

#[tokio::test]
async fn calls_are_joined_and_spawned() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.digiwin().account();
    let client = Client::builder(emulator.base_url(), account.app_token.clone()).build().unwrap();
    client.identity().login(&account.user_id, account.password.clone()).await.unwrap();

    let (ann, bob) = tokio::try_join!(client.users().get_user("ann"), client.users().get_user("bob")).unwrap();
    assert_eq!((ann.id.as_deref(), bob.id.as_deref()), (Some("ann"), Some("bob")));

    let task = {
        let (client, ids) = (client.clone(), vec![String::from("ann")]);
        tokio::spawn(client.users().get_user_list(&ids))
    };
    assert_eq!(task.await.unwrap().unwrap().len(), 1);
}

#[tokio::test]
async fn a_call_is_sent_when_it_is_awaited() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.digiwin().account();
    let client = Client::builder(emulator.base_url(), account.app_token.clone()).build().unwrap();
    drop(client.identity().get_public_key());
    let call = client.identity().get_public_key();
    assert!(emulator.requests().is_empty());
    call.await.unwrap();
    assert_eq!(emulator.requests().len(), 1);
}
