//! The routes of the service.

use super::{
    graphql, oidc,
    populate::populate,
    rest,
    service::Authing,
    settings::Settings,
    state::{error_response::ErrorResponse, password::PoolKey, pool::Pool},
};
use crate::emulator::service::{ErrorResponses, Service};
use async_graphql::dynamic::Schema;
use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::post,
};
use http::{HeaderMap, StatusCode, request::Parts};
use std::{io, sync::Arc};

impl Service for Authing {
    type Settings = Settings;

    fn new(Settings { seed, error_style, token_lifetime }: Settings) -> io::Result<Self> {
        let key = Arc::new(PoolKey::default());
        let account = seed.account();
        let mut pool = Pool::new(&account.user_pool_id, account.secret.clone(), token_lifetime, key.clone());
        populate(seed, &mut pool).map_err(|mistake| mistake.of("authing"))?;
        Ok(Self::new(account, error_style, key, pool))
    }

    fn router(self: Arc<Self>) -> io::Result<Router> {
        let schema = graphql::schema(self.clone())?;
        let graphql = Router::new().route("/graphql/v2", post(graphql_v2)).with_state((self.clone(), schema));
        Ok(graphql.merge(oidc::router(self.clone())).merge(rest::router(self)))
    }

    fn listens_at(&self, base_url: &str) {
        self.set_base_url(base_url);
    }
}

impl ErrorResponses for Authing {
    fn error(&self, head: &Parts, code: u32) -> Response {
        self.refuse(head, &ErrorResponse::of_fault(code))
    }

    fn token_refused(&self, head: &Parts) -> Response {
        self.refuse(head, &ErrorResponse::NOT_LOGGED_IN)
    }
}

impl Authing {
    fn refuse(&self, head: &Parts, error: &ErrorResponse) -> Response {
        let caller = self.caller(&head.headers);
        match head.uri.path().starts_with("/graphql") {
            true => Json(graphql::error_response(&caller, error)).into_response(),
            false => rest::error_response(&caller, error),
        }
    }
}

async fn graphql_v2(
    State((authing, schema)): State<(Arc<Authing>, Schema)>,
    headers: HeaderMap,
    body: Result<Json<async_graphql::Request>, axum::extract::rejection::JsonRejection>,
) -> Response {
    match body {
        Ok(Json(request)) => Json(graphql::respond(&schema, request, authing.caller(&headers)).await).into_response(),
        Err(wrong) => (StatusCode::BAD_REQUEST, wrong.body_text()).into_response(),
    }
}
