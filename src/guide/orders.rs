use axum::{
    Json, Router,
    extract::{Path, State},
    routing::{delete, get, post},
};
use iam_sdk::{
    Client,
    r#async::cloudspot::LicenseClient,
    digiwin::UserTokenInfo,
    server::{Caller, Guard, Permissions, Rejection, SourceId},
};
use std::{env, time::Duration};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let iam = Client::builder("https://iam.example.com", env::var("IAM_APP_TOKEN")?).build()?;
    let licenses = Licenses { cloudspot: LicenseClient::builder("orders").build()?, id: SourceId::new() };
    let guard = Guard::builder(iam.clone())
        .bearer()
        .header("digi-middleware-auth-user") // either of the two; both at once are 400
        .ttl(Duration::from_secs(30))
        .stale_if_error(Duration::from_secs(120)) // off unless asked for
        .realm("orders")
        .build()?;
    let app = app(Orders { iam, licenses, guard });
    axum::serve(tokio::net::TcpListener::bind("0.0.0.0:8080").await?, app).await?;
    Ok(())
}

#[derive(Clone)]
struct Orders {
    iam: Client,
    licenses: Licenses,
    guard: Guard<Client>,
}

fn app(orders: Orders) -> Router {
    Router::new()
        .route("/me", get(me))
        .route("/orders/{tenant}/{id}", delete(remove))
        .route("/logout", post(log_out))
        .route_layer(orders.guard.layer()) // unknown paths stay 404
        .route("/hello", get(hello).route_layer(orders.guard.optional_layer()))
        .with_state(orders)
}

/// Greets anybody. A token that is invalid is 401, and not nobody's.
async fn hello(who: Option<Caller>) -> String {
    who.map_or("hello".to_owned(), |who| format!("hello {}", who.user_id()))
}

/// Calls the service as the caller. An error of it becomes 401, 403, 404 or 503, by whose fault it is.
async fn me(who: Caller) -> Result<Json<Vec<String>>, Rejection> {
    let user = who.client()?.users().get_user_roles(who.user_id()).await?;
    Ok(Json(user.roles.into_iter().filter_map(|role| role.id).collect()))
}

/// Does what not everybody may: each line is 403 for those who may not.
async fn remove(
    State(orders): State<Orders>,
    who: Caller,
    Path((tenant, id)): Path<(String, u64)>,
) -> Result<String, Rejection> {
    who.require_tenant(&tenant)?;
    who.require_role(&orders.iam, "admin").await?;
    who.require_permission(&orders.licenses, &tenant, "order.delete").await?;
    Ok(format!("removed {id}"))
}

/// Ends the token at the service, and forgets it here whatever comes of that: in a task, which outlives a client that hangs up.
async fn log_out(State(orders): State<Orders>, who: Caller) -> Result<(), Rejection> {
    let client = who.client()?;
    let ended = tokio::spawn(async move {
        let ended = client.identity().logout().await;
        orders.guard.forget(who.token());
        ended
    });
    Ok(ended.await.map_err(|_| Rejection::unavailable(None))??)
}

/// Cloudspot's permissions of Digiwin's users, each of whom has a Cloudspot session under their Digiwin id.
#[derive(Clone)]
struct Licenses {
    cloudspot: LicenseClient,
    id: SourceId,
}

impl Permissions<UserTokenInfo> for Licenses {
    fn source_id(&self) -> SourceId {
        self.id
    }

    async fn permissions(&self, who: &Caller, company_id: &str) -> iam_sdk::Result<Vec<String>> {
        let session = self.cloudspot.with_session(who.user_id());
        if session.current_token().await?.is_none() {
            return Ok(Vec::new()); // nobody at Cloudspot: they may do nothing there
        }
        match session.get_company_permissions(company_id).await {
            Ok(granted) => Ok(granted.permissions),
            // Cloudspot itself says so, and no gateway before it: the session is over, or it is no company of theirs.
            Err(error) if error.code().is_some() && (error.is_authentication() || error.is_not_found()) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}
