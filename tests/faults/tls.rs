use super::{Client, maybe_async, test};
use crate::support::tls;
use iam_sdk::ErrorKind;

#[maybe_async]
#[test]
async fn a_certificate_is_checked_unless_told_otherwise() {
    let server = tls::start();
    let builder = || Client::builder(&server.url, "a");

    let untrusted = builder().build().unwrap().users().get_user_simple().await.unwrap_err();
    assert_eq!((untrusted.kind(), untrusted.was_sent()), (ErrorKind::Tls, false), "{untrusted:?}");

    let trusting = builder().add_root_certificate(&server.root).build().unwrap();
    trusting.users().get_user_simple().await.unwrap();

    let another = builder().add_root_certificate(tls::start().root).build().unwrap();
    let untrusted = another.users().get_user_simple().await.unwrap_err();
    assert_eq!(untrusted.kind(), ErrorKind::Tls, "{untrusted:?}");

    let careless = builder().verify_tls(false).build().unwrap();
    careless.users().get_user_simple().await.unwrap();
}
