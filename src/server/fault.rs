//! Whose fault an error is: the caller's, the request's, or that of the services and of this server.

use super::rejection::RejectionKind;
use crate::Error;

/// Returns whether the service itself said that a token is for nobody, in response to a request that carried it.
///
/// Nothing else makes a token invalid: not a 401 of a gateway or firewall before the service, not a 403, not a 429 or 5xx, not a time
/// limit, not a response that cannot be decoded.
pub(crate) fn is_definite_no(error: &Error) -> bool {
    // Digiwin says 401 in an envelope, and Authing 2020, with HTTP status 200.
    blames_token(error)
        && error.is_in_own_form()
        && (error.status() == Some(401) || matches!(error.code(), Some("401" | "2020")))
}

/// Returns whether an error puts the blame on a caller's token, rightly or not: reason enough to ask whose it is.
///
/// Cloudspot's 403 is an authentication error, too; it says what the caller may not do, and not that the token is bad.
pub(crate) fn blames_token(error: &Error) -> bool {
    error.is_authentication() && error.status() != Some(403) && !error.is_session_login()
}

/// Returns how to reject a request whose handler met this error in a call for the caller: what [`Error::suggested_status`] says, in
/// the guard's words.
pub(crate) fn rejection_kind(error: &Error) -> RejectionKind {
    match error.suggested_status() {
        401 => RejectionKind::InvalidToken,
        403 => RejectionKind::Forbidden,
        // It is this server that is too fast for the service, not its client.
        429 => RejectionKind::Unavailable,
        400..=499 => RejectionKind::Refused,
        500 => RejectionKind::Misconfigured,
        _ => RejectionKind::Unavailable,
    }
}

/// Returns whether an operator must act before this error goes away: the service refuses this server's own credentials, or the server
/// is wired wrongly.
pub(crate) fn is_of_this_server(error: &Error) -> bool {
    error.is_application() || rejection_kind(error) == RejectionKind::Misconfigured
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ErrorKind::{self, *},
        cloudspot::auth::GET_USER,
        digiwin::identity::ANALYZE_TOKEN,
        protocol::{decode::Response, dialect::Dialect, operation::Operation},
    };

    /// Returns the error of a response with this status and body.
    fn error_of(service: &str, status: u16, body: &'static str) -> Error {
        let check = crate::authing::check_login_status(&"t".into()).unwrap();
        let (operation, dialect): (&'static Operation, &'static dyn Dialect) = match service {
            "digiwin" => (&ANALYZE_TOKEN, &crate::digiwin::DIALECT),
            "authing" => (check.operation, &crate::authing::DIALECT),
            _ => (&GET_USER, &crate::cloudspot::DIALECT),
        };
        let status = http::StatusCode::from_u16(status).unwrap();
        let response = Response { status, headers: http::HeaderMap::new(), body: body.into(), is_unmarked: false };
        match response.into_data(operation, dialect) {
            Ok(data) => data.bytes().map(drop).unwrap_err(),
            Err(error) => error,
        }
    }

    const SERVICES: [&str; 3] = ["digiwin", "authing", "cloudspot"];

    #[test]
    fn what_stands_before_a_service_cannot_make_a_token_invalid() {
        for service in SERVICES {
            for body in [
                "",
                "<html><body>401 Authorization Required</body></html>",
                "Unauthorized",
                "null",
                "[]",
                "{}",
                r#"{"message":"Unauthorized"}"#,
                r#"{"message":"No API key found in request"}"#,
                r#"{"error":"invalid_request","error_description":"The access token is missing"}"#,
                r#"{"code":401,"message":"Unauthorized"}"#,
                r#"{"code":"401"}"#,
                r#"{"statusCode":401,"message":"Access denied due to missing subscription key."}"#,
                r#"{"error_code":null,"message":"no"}"#,
                r#"{"errors":[{"message":"Unauthorized"}]}"#,
                r#"{"type":"about:blank","title":"Unauthorized","status":401,"detail":"no"}"#,
                r#"{"title":"Unauthorized","status":401,"detail":"no"}"#,
                r#"{"error_code":"APIG.0301","error_msg":"Incorrect IAM authentication information","request_id":"1"}"#,
                r#"{"success":false,"errors":[{"code":1020,"message":"Access denied"}]}"#,
            ] {
                let error = error_of(service, 401, body);
                assert!(!is_definite_no(&error), "{service}: {body}: {error}");
                let error = error_of(service, 403, body);
                assert!(!is_definite_no(&error), "{service}, 403: {body}: {error}");
            }
        }
    }

    #[test]
    fn the_services_own_refusal_makes_a_token_invalid() {
        for (service, status, body, expected) in [
            ("digiwin", 401, r#"{"status":401,"message":"expired","data":null}"#, true),
            ("digiwin", 200, r#"{"status":401,"message":"expired","data":null}"#, true),
            ("digiwin", 200, r#"{"status":"401","msg":"expired"}"#, true),
            ("digiwin", 401, r#"{"timestamp":1,"status":401,"error":"Unauthorized","path":"/api/iam/v2"}"#, true),
            ("digiwin", 403, r#"{"status":403,"message":"no","data":null}"#, false),
            ("digiwin", 500, r#"{"status":401,"message":"no","data":null}"#, false),
            ("digiwin", 200, r#"{"status":21009,"message":"locked","data":null}"#, false),
            ("authing", 200, r#"{"code":2020,"message":"not logged in"}"#, true),
            ("authing", 401, r#"{"uniqueId":"u","statusCode":401,"apiCode":2020,"message":"not logged in"}"#, true),
            ("authing", 401, r#"{"statusCode":401,"apiCode":"2020","message":"not logged in"}"#, true),
            ("authing", 200, r#"{"errors":[{"message":{"code":2020,"message":"not logged in"}}],"data":null}"#, true),
            ("authing", 200, r#"{"errors":[{"message":{"code":401,"message":"not logged in"}}],"data":null}"#, true),
            ("authing", 200, r#"{"errors":[{"message":{"code":2333,"message":"wrong secret"}}],"data":null}"#, false),
            ("authing", 200, r#"{"errors":[{"message":{"code":2224,"message":"no pool"}}],"data":null}"#, false),
            ("authing", 200, r#"{"errors":[{"message":{"code":1000,"message":"busy"}}],"data":null}"#, false),
            ("cloudspot", 401, r#"{"message":"No valid token found.","error_code":"NOT_AUTHORIZED"}"#, true),
            ("cloudspot", 401, r#"{"error_code":"TOKEN_EXPIRED"}"#, true),
            ("cloudspot", 403, r#"{"message":"no","error_code":"NOT_AUTHORIZED"}"#, false),
            ("cloudspot", 500, r#"{"message":"no","error_code":"NOT_AUTHORIZED"}"#, false),
        ] {
            let error = error_of(service, status, body);
            assert_eq!(is_definite_no(&error), expected, "{service}, {status}: {body}: {error}");
            assert!(!is_definite_no(&error.with_session_login(true)), "{service}, {status}: {body}");
        }
    }

    #[test]
    fn other_kinds_of_error_say_nothing_of_a_token() {
        for kind in [
            Application,
            Authorization,
            RateLimited,
            Server,
            Api,
            NotFound,
            Business,
            Decode,
            Timeout,
            Connect,
            Transport,
            Tls,
            TooLarge,
            Store,
            LoginLimited,
            Configuration,
        ] {
            let error = Error::new(kind).with_status(401).with_code("401").in_own_form(true);
            assert!(!is_definite_no(&error) && !blames_token(&error), "{kind:?}");
        }
    }

    #[test]
    fn a_request_is_rejected_by_whose_fault_it_is() {
        for (kind, status, operation, expected) in [
            (Authentication, 401, "digiwin.users.get_user", RejectionKind::InvalidToken),
            (Authentication, 401, "digiwin.identity.login", RejectionKind::InvalidToken),
            (Authentication, 401, "digiwin.identity.login_ad", RejectionKind::InvalidToken),
            (Authentication, 401, "digiwin.identity.internal_login", RejectionKind::InvalidToken),
            (Authentication, 401, "digiwin.identity.get_login_info", RejectionKind::InvalidToken),
            (Authentication, 401, "authing.users.check_login_status", RejectionKind::InvalidToken),
            (Authentication, 401, "cloudspot.authenticate", RejectionKind::InvalidToken),
            (Authentication, 403, "cloudspot.get_user", RejectionKind::Forbidden),
            (Authorization, 403, "digiwin.orgs.get_orgs", RejectionKind::Forbidden),
            (NotFound, 404, "digiwin.users.get_user", RejectionKind::Refused),
            (Conflict, 200, "authing.users.create", RejectionKind::Refused),
            (InvalidArgument, 0, "authing.users.create", RejectionKind::Refused),
            (Application, 401, "digiwin.identity.get_public_key", RejectionKind::Unavailable),
            (RateLimited, 429, "digiwin.users.get_user", RejectionKind::Unavailable),
            (Server, 500, "digiwin.users.get_user", RejectionKind::Unavailable),
            (Decode, 200, "digiwin.users.get_user", RejectionKind::Unavailable),
            (Configuration, 0, "digiwin.users.get_user", RejectionKind::Misconfigured),
            (BlockingInAsync, 0, "digiwin.users.get_user", RejectionKind::Misconfigured),
        ] {
            let error = Error::new(kind).with_status(status).with_operation(operation);
            assert_eq!(rejection_kind(&error), expected, "{kind:?} {status} {operation}");
            let of_session = error.with_session_login(true);
            let expected = match expected {
                RejectionKind::Misconfigured => expected,
                _ => RejectionKind::Unavailable,
            };
            assert_eq!(rejection_kind(&of_session), expected, "{kind:?} {status} {operation}: the session's login");
            assert!(!blames_token(&of_session));
        }
    }

    /// There is one decision: what the guard responds with is what the error suggests, but for a service that is busy or broken, where
    /// the guard has one status.
    #[test]
    fn a_rejection_has_the_status_that_its_error_suggests() {
        use super::super::Rejection;
        for &kind in ErrorKind::ALL {
            for (status, of_session) in [(None, false), (Some(403), false), (None, true)] {
                let error =
                    status.into_iter().fold(Error::new(kind), Error::with_status).with_session_login(of_session);
                let suggested = error.suggested_status();
                let expected = if matches!(suggested, 429 | 502..) { 503 } else { suggested };
                assert_eq!(Rejection::from(error).status(), expected, "{kind:?} {status:?} {of_session}");
            }
        }
    }

    #[test]
    fn an_operator_must_act_on_a_wrong_app_token_and_on_wrong_wiring_alone() {
        for &kind in ErrorKind::ALL {
            let expected = matches!(kind, Application | Configuration | BlockingInAsync | DryRun);
            assert_eq!(is_of_this_server(&Error::new(kind)), expected, "{kind:?}");
        }
    }
}
