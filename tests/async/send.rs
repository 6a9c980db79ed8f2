//! Futures and clients can move between threads.

use iam_sdk::Client;

#[tokio::test]
async fn futures_and_clients_are_send() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let client = is_send(Client::builder("http://127.0.0.1:9", "a").build().unwrap());
    drop(is_send(client.identity().login("u", "p")));
    drop(is_send(client.users().update_user(&serde_json::json!({}))));
    drop(is_send(client.users().get_user_list(&["u"])));
    drop(is_send(client.orgs().get_cascade()));
}
