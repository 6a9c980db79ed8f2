//! How much memory a response takes at the most, whatever it is. In a process of its own: its allocator counts.
#![cfg(all(feature = "blocking", feature = "authing", feature = "cloudspot", feature = "digiwin"))]

mod allocations;
#[cfg(feature = "server")]
mod guard;
mod trees;

use iam_sdk::{
    ErrorKind, Method, Result,
    blocking::{Client, authing::ManagementClient, cloudspot::LicenseClient},
};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// How large the responses are, in bytes.
const SIZE: usize = 3_000_000;
/// How much memory is allowed for each of them.
const TIMES: usize = 20;

/// Counts the bytes that are allocated, and the most there were.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: the system's allocator does the work; what is counted besides changes nothing for it. `realloc` is the default one,
// which holds the old and the new allocation at once, as the system's may.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        allocations::count(layout.size());
        let now = NOW.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(now, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Responds to everything with `body`, but to a request for a management token with one. Ends with the process.
fn serve(body: &'static [u8]) -> String {
    serve_with("", body)
}

/// Serves as [`serve`] does, with further header lines.
fn serve_with(headers: &'static str, body: &'static [u8]) -> String {
    const TOKEN: &[u8] = br#"{"data": {"accessToken": {"accessToken": "t", "iat": 100, "exp": 100000}}}"#;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                loop {
                    let (mut line, mut length) = (String::new(), 0);
                    loop {
                        line.clear();
                        if reader.read_line(&mut line).unwrap_or(0) == 0 {
                            return;
                        }
                        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                            length = value.trim().parse().unwrap();
                        }
                        if line == "\r\n" {
                            break;
                        }
                    }
                    let mut request = vec![0; length];
                    reader.read_exact(&mut request).unwrap();
                    let body = if request.windows(12).any(|part| part == b"accessToken(") { TOKEN } else { body };
                    write!(stream, "HTTP/1.1 200 OK\r\n{headers}content-length: {}\r\n\r\n", body.len()).unwrap();
                    if stream.write_all(body).is_err() {
                        return;
                    }
                }
            });
        }
    });
    url
}

/// A call, whose value is dropped.
type Call = fn(&str) -> Result<()>;

fn digiwin(url: &str) -> Client {
    Client::builder(url, "a").timeout(Duration::from_secs(120)).build().unwrap()
}

fn authing(url: &str) -> ManagementClient {
    ManagementClient::builder("p", "s").base_url(url).timeout(Duration::from_secs(120)).build().unwrap()
}

fn cloudspot(url: &str) -> LicenseClient {
    LicenseClient::builder("a")
        .base_url(url)
        .timeout(Duration::from_secs(120))
        .build()
        .unwrap()
        .with_token("t")
        .unwrap()
}

const USERS: Call = |url| digiwin(url).users().get_user_list(&["u"]).map(drop);
const USER: Call = |url| digiwin(url).users().get_user("u").map(drop);
const SIMPLE: Call = |url| digiwin(url).users().get_user_simple().map(drop);
const CASCADE: Call = |url| digiwin(url).orgs().get_cascade().map(drop);
const RAW: Call = |url| digiwin(url).request(Method::GET, "/x").map(drop);
const TENANTS: Call = |url| digiwin(url).tenants().get_tenants().map(drop);
const PAGE: Call = |url| authing(url).users().list().map(drop);
const PAGER: Call = |url| {
    let mut pager = authing(url).users().list_all(iam_sdk::authing::UserListOptions::new());
    pager.next_page().map(drop)
};
const DETAIL: Call = |url| authing(url).users().detail("u").map(drop);
const UDV: Call = |url| authing(url).users().list_udv("u").map(drop);
const UDF: Call = |url| authing(url).users().get_udf_value("u").map(drop);
const UDF_BATCH: Call = |url| authing(url).users().get_udf_value_batch(&["u"]).map(drop);
const ROLES: Call = |url| authing(url).users().list_roles("u").map(drop);
const BATCH: Call = |url| authing(url).users().batch_get(&["u"]).map(drop);
const ORGS: Call = |url| authing(url).orgs().list().map(drop);
const TREEIFY: Call = |url| authing(url).orgs().find_by_id("o").map(|org| drop(org.treeify()));
const EXPORT: Call = |url| authing(url).orgs().export_all().map(drop);
const PATHS: Call = |url| authing(url).users().list_org("u").map(drop);
const GRAPHQL: Call = |url| authing(url).graphql("{ x }", &()).map(drop);
const PERMISSIONS: Call = |url| cloudspot(url).get_permissions().map(drop);
const PROFILE: Call = |url| cloudspot(url).get_user().map(drop);

/// A response: its beginning, a part that is repeated, and its end.
type Shape = (&'static str, &'static str, &'static str);

/// Responses of a malicious server.
const HOSTILE: &[(&str, Shape, Call)] = &[
    ("empty users", ("[{}", ",{}", "]"), USERS),
    ("users with an empty id", (r#"[{"id":""}"#, r#",{"id":""}"#, "]"), USERS),
    ("users of nothing known", (r#"[{}"#, r#",{"":0}"#, "]"), USERS),
    ("users in an envelope", (r#"{"status":200,"data":[{}"#, ",{}", "]}"), USERS),
    ("nulls", ("[null", ",null", "]"), USERS),
    ("empty short users", ("[{}", ",{}", "]"), SIMPLE),
    ("empty tenants", ("[{}", ",{}", "]"), TENANTS),
    ("mappings", (r#"{"id":"u","userMappings":[{}"#, r#",{"":0}"#, "]}"), USER),
    ("a due date", (r#"{"id":"u","dueDate":[0"#, ",[0]", "]}"), USER),
    ("a user type", (r#"{"id":"u","userType":[0"#, ",[0]", "]}"), USER),
    ("unknown members", (r#"{"id":"u","x":[0"#, r#",{"":0}"#, "]}"), USER),
    ("unknown members of one name", (r#"{"id":"u""#, r#","":0"#, "}"), USER),
    ("aspects", (r#"{"a":[{}]"#, r#","a":[{}]"#, "}"), CASCADE),
    ("raw lists", ("[[0]", ",[0]", "]"), RAW),
    ("raw empty lists", ("[[]", ",[]", "]"), RAW),
    ("raw objects", (r#"[{"":0}"#, r#",{"":0}"#, "]"), RAW),
    ("raw texts", (r#"[""#, r#"",""#, r#""]"#), RAW),
    ("raw short texts", (r#"["a""#, r#","a""#, "]"), RAW),
    ("raw numbers", ("[0", ",0", "]"), RAW),
    ("raw pairs", ("[[[0]]", ",[[0],0]", "]"), RAW),
    ("an error's message", (r#"{"status":500,"message":[0"#, ",[0]", "]}"), RAW),
    ("an error's code", (r#"{"status":500,"message":"x","code":"#, "  ", r#""x"}"#), RAW),
    ("a page", (r#"{"data":{"users":{"totalCount":1,"list":[{}"#, ",{}", "]}}}"), PAGE),
    ("a pager", (r#"{"data":{"users":{"totalCount":1,"list":[{}"#, ",{}", "]}}}"), PAGER),
    ("a page's members", (r#"{"data":{"users":{"totalCount":1,"x":[0"#, ",[0]", "]}}}"), PAGE),
    ("sources", (r#"{"code":200,"data":{"id":"u","registerSource":[""#, r#"",""#, r#""]}}"#), DETAIL),
    ("identities", (r#"{"code":200,"data":{"id":"u","identities":[{}"#, ",{}", "]}}"), DETAIL),
    ("oauth", (r#"{"code":200,"data":{"id":"u","oauth":[0"#, ",[0]", "]}}"), DETAIL),
    ("custom data", (r#"{"code":200,"data":{"id":"u","customData":[{}"#, r#",{"value":0}"#, "]}}"), DETAIL),
    ("values", (r#"{"data":{"udv":[{}"#, r#",{"value":0}"#, "]}}"), UDV),
    ("a JSON text", (r#"{"data":{"udv":[{"key":"k","dataType":"OBJECT","value":"[0"#, ",[0]", r#"]"}]}}"#), UDF),
    (
        "many JSON texts",
        (
            r#"{"data":{"udv":[{}"#,
            r#",{"dataType":"OBJECT","value":"[[0],[0],[0],[0],[0],[0],[0],[0],[0],[0],[0],[0],[0],[0],[0],[0],[0],[0]]"}"#,
            "]}}",
        ),
        UDV,
    ),
    ("custom data of many", (r#"{"data":{"udfValueBatch":[{"targetId":""}"#, r#",{"targetId":""}"#, "]}}"), UDF_BATCH),
    ("parents", (r#"{"data":{"user":{"roles":{"list":[{}"#, r#",{"parent":{}}"#, "]}}}}"), ROLES),
    ("a batch", (r#"{"data":{"userBatch":[{}"#, ",{}", "]}}"), BATCH),
    ("organizations", (r#"{"data":{"orgs":{"list":[{"nodes":[{}"#, ",{}", "]}]}}}"), ORGS),
    ("nodes to nest", (r#"{"data":{"org":{"id":"o","nodes":[{}"#, ",{}", "]}}}"), TREEIFY),
    ("children to nest", (r#"{"data":{"org":{"nodes":[{"id":"n","children":["n""#, r#","a""#, "]}]}}}"), TREEIFY),
    ("an export", (r#"{"code":200,"data":[{}"#, ",{}", "]}"), EXPORT),
    ("members of an export", (r#"{"code":200,"data":[{"members":[{}"#, ",{}", "]}]}"), EXPORT),
    ("paths", (r#"{"code":200,"data":[[{}]"#, ",[{}]", "]}"), PATHS),
    ("GraphQL data", (r#"{"data":{"x":[0"#, ",[0]", "]}}"), GRAPHQL),
    ("GraphQL errors", (r#"{"errors":[{}"#, ",{}", "]}"), GRAPHQL),
    ("a GraphQL error", (r#"{"errors":[{"message":[0"#, ",[0]", "]}]}"), GRAPHQL),
    ("companies", (r#"{"permissions":[{}"#, ",{}", "]}"), PERMISSIONS),
    ("slugs", (r#"{"permissions":[{"permissions":[""#, r#"",""#, r#""]}]}"#), PERMISSIONS),
    ("a company", (r#"{"email":"","company":[0"#, ",[0]", "]}"), PROFILE),
    ("broken JSON", ("[{}", ",{}", ""), USERS),
];

/// Responses of a service with a large customer.
const HONEST: &[(&str, Shape, Call)] = &[
    (
        "Digiwin's users",
        (
            r#"[{"id":"u"}"#,
            r#",{"sid":41317263819328,"id":"ann.smith","name":"Ann Smith","email":"ann.smith@example.com","telephone":"13800000000",
               "headImageUrl":null,"type":0,"userType":false,"confirm":true,"visible":true,"readonly":false,"changed":true,
               "agreeAgreement":true,"doubleCheck":false,"dueDate":null,"pwDate":null,"disabled":false,"userMappings":[]}"#,
            "]",
        ),
        USERS,
    ),
    (
        "Authing's users",
        (
            r#"{"data":{"users":{"totalCount":1,"list":[{"id":"u"}"#,
            r#",{"id":"5f7174c2b4f3e8d9a1b2c3d4","arn":"arn:cn:authing:59f86b4832eb28071bdd9214:user:5f7174c2b4f3e8d9a1b2c3d4",
               "userPoolId":"59f86b4832eb28071bdd9214","status":"Activated","username":"ann.smith","email":"ann@example.com",
               "emailVerified":true,"phone":null,"phoneVerified":false,"unionid":null,"openid":null,"nickname":"Ann",
               "registerSource":["import:manual"],"photo":"default-user-avatar.png","password":"b1a2c3","oauth":null,
               "token":null,"tokenExpiredAt":null,"loginsCount":3,"lastLogin":null,"lastIP":null,"signedUp":null,
               "blocked":false,"isDeleted":false,"device":null,"browser":null,"company":null,"name":null,"givenName":null,
               "familyName":null,"middleName":null,"profile":null,"preferredUsername":null,"website":null,"gender":"U",
               "birthdate":null,"zoneinfo":null,"locale":null,"address":null,"formatted":null,"streetAddress":null,
               "locality":null,"region":null,"postalCode":null,"city":null,"province":null,"country":null,
               "createdAt":"2020-09-28T05:29:38.000Z","updatedAt":"2020-09-28T05:29:38.000Z","externalId":null,
               "identities":[{"openid":"x","userIdInIdp":"x","provider":"wechat"}],
               "customData":[{"key":"school","value":"\"x\"","dataType":"STRING","label":"School"}]}"#,
            "]}}}",
        ),
        PAGE,
    ),
    (
        "an organization's nodes",
        (
            r#"{"data":{"org":{"nodes":[{"id":"n"}"#,
            r#",{"id":"5f7174c2b4f3e8d9a1b2c3d4","orgId":"5f7174c2b4f3e8d9a1b2c3d5","name":"Sales","nameI18n":null,"code":null,
               "description":null,"order":null,"root":false,"depth":3,"path":["a","b","c"],
               "createdAt":"2020-09-28T05:29:38.000Z","updatedAt":"2020-09-28T05:29:38.000Z","children":["x","y"]}"#,
            "]}}}",
        ),
        TREEIFY,
    ),
    (
        "raw rows",
        (
            r#"[0"#,
            r#",{"id":"ann.smith","name":"Ann Smith","email":"ann.smith@example.com","since":"2020-09-28T05:29:38.000Z"}"#,
            "]",
        ),
        RAW,
    ),
];

fn body((begin, middle, end): Shape) -> &'static [u8] {
    let times = (SIZE - begin.len() - end.len()) / middle.len();
    format!("{begin}{}{end}", middle.repeat(times)).into_bytes().leak()
}

/// The most memory that the call took, in bytes, and what came of it.
fn measure(url: &str, call: Call) -> (usize, Result<()>) {
    let before = NOW.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    let result = call(url);
    (MOST.load(Ordering::Relaxed) - before, result)
}

/// Held by the test that runs: the allocator counts what all threads do.
static ALONE: Mutex<()> = Mutex::new(());

#[cfg(feature = "server")]
#[test]
fn a_flood_of_random_tokens_takes_no_memory() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    guard::a_flood_of_tokens_takes_no_memory(
        || NOW.load(Ordering::Relaxed),
        || MOST.swap(NOW.load(Ordering::Relaxed), Ordering::Relaxed),
    );
}

#[test]
fn a_response_takes_twenty_times_its_size_at_the_most() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    // What is made once, such as the TLS configuration.
    measure(&serve(b"[]"), USERS).1.unwrap();
    let mut failures = Vec::new();
    for (is_honest, (name, shape, call)) in
        HOSTILE.iter().map(|case| (false, case)).chain(HONEST.iter().map(|case| (true, case)))
    {
        let body = body(*shape);
        let begun = Instant::now();
        let (bytes, result) = measure(&serve(body), *call);
        let times = bytes as f64 / body.len() as f64;
        let kind = result.as_ref().err().map(iam_sdk::Error::kind);
        println!("{times:5.1} times, {:5} ms: {name}, {kind:?}", begun.elapsed().as_millis());
        if bytes > TIMES * body.len() {
            failures.push(format!("{name} takes {times:.1} times its size"));
        }
        let is_text_kept = result.as_ref().err().is_some_and(|error| {
            let texts = [error.server_message(), error.code(), error.body(), error.json_path()];
            texts.into_iter().flatten().any(|text| text.len() > 8192) || format!("{error:?}").len() > 50_000
        });
        if is_text_kept {
            failures.push(format!("the error of {name} keeps too much"));
        }
        if is_honest && let Err(error) = result {
            failures.push(format!("{name}: {error}"));
        }
    }
    // A chain of nodes, which is closed at its end.
    let deep = SIZE / r#"{"children":[]}"#.len();
    let chain =
        [r#"{"code":200,"data":["#, &r#"{"children":["#.repeat(deep), &"]}".repeat(deep), "]}"].concat().into_bytes();
    let (bytes, result) = measure(&serve(chain.leak()), EXPORT);
    println!(
        "{:5.1} times: a chain of nodes, {:?}",
        bytes as f64 / SIZE as f64,
        result.as_ref().map_err(iam_sdk::Error::kind)
    );
    assert!(bytes <= TIMES * SIZE, "{bytes}");
    assert!(failures.is_empty(), "{failures:#?}");

    // Small responses may be of any kind.
    let small = format!("[{}{{}}]", "{},".repeat(9_000)).into_bytes().leak();
    measure(&serve(small), USERS).1.unwrap();
    let large = format!("[{}{{}}]", "{},".repeat(900_000)).into_bytes().leak();
    let error = measure(&serve(large), USERS).1.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
    assert!(error.to_string().contains("20 times"), "{error}");
    trees::a_node_takes_250_bytes_at_the_most(|| NOW.load(Ordering::Relaxed));
    allocations::an_observer_costs_no_allocation(&serve(b"[]"));
    #[cfg(feature = "gzip")]
    a_bomb_takes_its_limit_and_32_mib_at_the_most();
    #[cfg(feature = "emulator")]
    an_endless_body_takes_its_limit_and_32_mib_at_the_most();
}

/// A response at `url` that is larger than any limit is refused, and takes no more than its limit and 32 MiB.
#[cfg(any(feature = "emulator", feature = "gzip"))]
fn takes_its_limit_and_32_mib_at_the_most(name: &str, url: &str) {
    const MIB: usize = 1024 * 1024;
    for limit in [1, 64] {
        let client =
            Client::builder(url, "a").max_response_bytes(limit * MIB).build().unwrap().with_token("t").unwrap();
        let before = NOW.load(Ordering::Relaxed);
        MOST.store(before, Ordering::Relaxed);
        let error = client.users().get_user_simple().unwrap_err();
        let bytes = MOST.load(Ordering::Relaxed) - before;
        println!("{name}: {:.1} MiB, with a limit of {limit} MiB", bytes as f64 / MIB as f64);
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
        assert!(bytes < (limit + 32) * MIB, "{bytes}");
    }
}

/// A compressed response of 600 KB or so that is 600 MiB long. No test of its own: the allocator counts what all threads do.
#[cfg(feature = "gzip")]
fn a_bomb_takes_its_limit_and_32_mib_at_the_most() {
    use flate2::{Compression, write::GzEncoder};
    const MIB: usize = 1024 * 1024;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![b'0'; MIB];
    (0..600).for_each(|_| encoder.write_all(&zeros).unwrap());
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < MIB, "{}", bomb.len());
    let url = serve_with("content-encoding: gzip\r\n", bomb.leak());
    takes_its_limit_and_32_mib_at_the_most("a bomb", &url);
}

/// No test of its own: the allocator counts what all threads do.
#[cfg(feature = "emulator")]
fn an_endless_body_takes_its_limit_and_32_mib_at_the_most() {
    use iam_sdk::emulator::{Emulator, Fault};
    let emulator = Emulator::start().unwrap();
    emulator.fault(Fault::endless_body());
    takes_its_limit_and_32_mib_at_the_most("an endless body", &emulator.base_url());
}
