//! Compares a list of 10,000 users with the baseline: the same request written with reqwest, and a derived struct of the same members
//! that ignores what it does not know. Both take turns, and the median of their ratios counts. Targets: 0.95 when all members are
//! known, 0.75 with three unknown members each: a text, a number and an object.

#![recursion_limit = "256"]

mod support;

use bytes::Bytes;
use iam_sdk::{r#async::authing::ManagementClient, authing::UserListOptions, blocking};
use serde::Deserialize;
use serde_json::json;
use std::{hint::black_box, time::Duration};

const USERS: usize = 10_000;
/// Paired turns of a run.
const ROUNDS: usize = 21;
/// The median of these counts.
const RUNS: usize = 5;

/// The baseline's user: what the document asks for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
#[allow(dead_code, reason = "what a program would have of a user")]
struct User {
    id: Option<String>,
    arn: Option<String>,
    user_pool_id: Option<String>,
    status: Option<String>,
    username: Option<String>,
    email: Option<String>,
    email_verified: Option<bool>,
    phone: Option<String>,
    phone_verified: Option<bool>,
    unionid: Option<String>,
    openid: Option<String>,
    nickname: Option<String>,
    register_source: Vec<String>,
    photo: Option<String>,
    password: Option<String>,
    oauth: Option<String>,
    token: Option<String>,
    token_expired_at: Option<String>,
    logins_count: Option<i64>,
    last_login: Option<String>,
    #[serde(rename = "lastIP")]
    last_ip: Option<String>,
    signed_up: Option<String>,
    blocked: Option<bool>,
    is_deleted: Option<bool>,
    device: Option<String>,
    browser: Option<String>,
    company: Option<String>,
    name: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    middle_name: Option<String>,
    profile: Option<String>,
    preferred_username: Option<String>,
    website: Option<String>,
    gender: Option<String>,
    birthdate: Option<String>,
    zoneinfo: Option<String>,
    locale: Option<String>,
    address: Option<String>,
    formatted: Option<String>,
    street_address: Option<String>,
    locality: Option<String>,
    region: Option<String>,
    postal_code: Option<String>,
    city: Option<String>,
    province: Option<String>,
    country: Option<String>,
    created_at: Option<String>,
    updated_at: Option<String>,
    external_id: Option<String>,
}

#[derive(Deserialize)]
struct Response {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    users: Page,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "what a program would have of a page")]
struct Page {
    total_count: i64,
    list: Vec<User>,
}

/// A response with this many users, each with members that no model knows or with none.
fn response(unknown: bool) -> Bytes {
    let user = |n: usize| {
        let mut user = json!({
            "id": format!("{n:024x}"), "arn": format!("arn:cn:authing:pool:user:{n:024x}"), "userPoolId": "59f86b4832eb28071bdd9214",
            "status": "Activated", "username": format!("ann{n}"), "email": format!("ann{n}@example.com"), "emailVerified": true,
            "phone": format!("138{n:08}"), "phoneVerified": false, "unionid": null, "openid": null, "nickname": "小安",
            "registerSource": ["import:manual"], "photo": "https://files.authing.co/user-contents/photos/default.png",
            "password": null, "oauth": null, "token": null, "tokenExpiredAt": null, "loginsCount": n, "lastLogin": "2026-10-01T08:00:00.000Z",
            "lastIP": "10.0.0.1", "signedUp": "2025-01-01T00:00:00.000Z", "blocked": false, "isDeleted": false, "device": null,
            "browser": null, "company": "鼎捷", "name": "李安", "givenName": null, "familyName": null, "middleName": null, "profile": null,
            "preferredUsername": null, "website": null, "gender": "F", "birthdate": null, "zoneinfo": "Asia/Shanghai", "locale": "zh-CN",
            "address": null, "formatted": null, "streetAddress": null, "locality": null, "region": null, "postalCode": null,
            "city": "上海", "province": null, "country": "CN", "createdAt": "2025-01-01T00:00:00.000Z",
            "updatedAt": "2026-10-01T08:00:00.000Z", "externalId": format!("E{n}"),
        });
        if unknown {
            let members = user.as_object_mut().unwrap();
            members.insert("costCentre".to_owned(), json!("4711-北京"));
            members.insert("shoeSize".to_owned(), json!(43));
            members.insert("badge".to_owned(), json!({"number": n, "valid": true, "doors": ["a", "b"]}));
        }
        user
    };
    let list: Vec<_> = (0..USERS).map(user).collect();
    json!({"data": {"users": {"totalCount": USERS, "list": list}}}).to_string().into()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn ratios(name: &str, body: Bytes) {
    let bytes = body.len();
    let url = format!("http://{}", support::serve(Duration::ZERO, move |_, _| body.clone()));
    let options = || UserListOptions::new().limit(USERS);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let baseline = reqwest::Client::builder().tcp_nodelay(true).build().unwrap();
    let request = json!({"query": "query users { users { totalCount } }", "variables": {"page": 1, "limit": USERS}});
    let baseline = || {
        let list = runtime.block_on(async {
            let request = baseline.post(format!("{url}/graphql/v2")).header("authorization", "Bearer t").json(&request);
            let body = request.timeout(Duration::from_secs(30)).send().await.unwrap().error_for_status().unwrap();
            let response: Response = serde_json::from_slice(&body.bytes().await.unwrap()).unwrap();
            response.data.users.list
        });
        assert_eq!(list.len(), USERS);
        drop(black_box(list));
    };
    let client = ManagementClient::builder("pool", "secret").base_url(&url).build().unwrap().with_token("t").unwrap();
    let ours = || {
        let page = runtime.block_on(client.users().list_with(options())).unwrap();
        assert_eq!(page.list.len(), USERS);
        drop(black_box(page));
    };
    let run = |ours: &dyn Fn()| median((0..RUNS).map(|_| support::ratio(ROUNDS, ours, baseline)).collect());
    println!("{name}, {bytes} bytes: async has {:.3} of the baseline's speed", run(&ours));
    let client = blocking::authing::ManagementClient::builder("pool", "secret").base_url(&url).build().unwrap();
    let client = client.with_token("t").unwrap();
    let ours = || {
        let page = client.users().list_with(options()).unwrap();
        assert_eq!(page.list.len(), USERS);
        drop(black_box(page));
    };
    println!("{name}, {bytes} bytes: blocking has {:.3} of the speed of the async baseline", run(&ours));
}

fn main() {
    ratios("all members known", response(false));
    ratios("three unknown members", response(true));
}
