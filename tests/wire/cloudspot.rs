use super::{
    Keys, LicenseClient, RECORDING, Server, Value, golden, json, maybe_async, operations_without, recorded, test,
};
use iam_sdk::Result;

#[maybe_async]
async fn send(label: &str, client: &LicenseClient) -> Result<()> {
    match label {
        "cloudspot.authenticate" => drop(client.authenticate("user@x.y", "pä$$").await?),
        "cloudspot.get_user" => drop(client.get_user().await?),
        "cloudspot.get_company_permissions" => drop(client.get_company_permissions("c1").await?),
        label => panic!("no call for {label}"),
    }
    Ok(())
}

#[maybe_async]
#[test]
async fn requests_are_those_of_the_python_client() {
    let server = Server::start(|_| json(r#"{"token": "lic-1", "email": "user@x.y", "permissions": []}"#));
    let golden = golden(RECORDING, "cloudspot.");
    // `every_other_request_is_as_documented` has these.
    let unrecorded = ["cloudspot.get_permissions", "cloudspot.validate_impersonation", "cloudspot.request"];
    assert_eq!(operations_without("cloudspot.", &golden), unrecorded);
    let keys = Keys::new();
    for (label, expected) in golden {
        let builder = LicenseClient::builder("app-id").base_url(server.url() + "/api/v1/");
        let client = builder.build().unwrap().with_token("lic-1").unwrap();
        let before = server.requests().len();
        send(&label, &client).await.unwrap_or_else(|error| panic!("{label}: {error}"));
        let sent: Vec<Value> = server.requests()[before..].iter().map(|request| recorded(request, &keys)).collect();
        assert_eq!(sent, expected, "{label}");
    }
}

#[maybe_async]
#[test]
async fn every_other_request_is_as_documented() {
    let server = Server::start(|_| json(r#"{"permissions": [], "user": {}}"#));
    let builder = LicenseClient::builder("app-id").base_url(server.url() + "/api/v1");
    let client = builder.build().unwrap().with_token("lic-1").unwrap();
    client.get_permissions().await.unwrap();
    client.get_company_permissions("a/b ü").await.unwrap();
    client.get_company_permissions("7").await.unwrap();
    client.validate_impersonation("imp-1").await.unwrap();
    client.request(iam_sdk::Method::GET, "/auth/other/?page=2").await.unwrap();
    let requests = server.requests();
    let lines: Vec<_> = requests.iter().map(|request| format!("{} {}", request.method, request.path)).collect();
    let expected = [
        "GET /api/v1/auth/get-permissions/",
        "GET /api/v1/auth/get-company-permissions/a%2Fb%20%C3%BC/",
        "GET /api/v1/auth/get-company-permissions/7/",
        "POST /api/v1/auth/impersonation-validation/",
        "GET /api/v1/auth/other/",
    ];
    assert_eq!(lines, expected);
    assert_eq!(requests[3].body, br#"{"token":"imp-1"}"#);
    assert!(requests.iter().all(|request| request.headers["x-license-token"] == "lic-1"));
}
