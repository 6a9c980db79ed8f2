//! The guard of a server: what it shows and logs of tokens that are good, bad, and beyond telling.

use crate::{APP_TOKEN, PASSWORD, Seen};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use iam_sdk::{
    Client, UserToken,
    emulator::{Emulator, Fault},
    server::Guard,
};

const BAD: &str = "canary-bad-token";

/// Checks requests, shows every value, and gives the tokens that there were.
pub async fn tour(emulator: &Emulator, seen: &Seen) -> Vec<UserToken> {
    let client = Client::builder(emulator.base_url(), APP_TOKEN).build().unwrap();
    let user = client.with_session("guarded").identity().login("ann", PASSWORD).await.unwrap();
    let good = user.token.unwrap();
    let builder = Guard::builder(client);
    seen.show(&builder);
    let guard = builder.build().unwrap();
    let request = |token: &str| {
        let value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
        HeaderMap::from_iter([(AUTHORIZATION, value)])
    };
    let caller = guard.check(&request(good.expose_secret())).await.unwrap();
    seen.show((&caller, caller.client().unwrap(), guard.layer(), &guard));
    seen.show(caller.require_tenant("T9").unwrap_err());
    let mut ambiguous = request(BAD);
    ambiguous.append(AUTHORIZATION, HeaderValue::from_static("Bearer canary-bad-token"));
    for headers in [request(BAD), ambiguous, HeaderMap::new()] {
        let rejection = guard.check(&headers).await.unwrap_err();
        seen.show((&rejection, rejection.to_string(), rejection.headers(), rejection.body(), rejection.error()));
    }
    guard.forget(&good);
    emulator.fault(Fault::status(503).body(format!("no {}", good.expose_secret())));
    let rejection = guard.check(&request(good.expose_secret())).await.unwrap_err();
    seen.show((&rejection, rejection.headers(), rejection.body(), rejection.error(), guard.stats()));
    emulator.clear_faults();
    vec![good, BAD.into()]
}
