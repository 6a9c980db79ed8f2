//! Whose fault an error is: the caller's, the request's, or that of the services and of this server.

use super::rejection::RejectionKind;
use crate::{Error, ErrorKind};

/// Returns whether the service said that a token is for nobody, in response to a request that carried it.
///
/// Nothing else makes a token invalid: not a 403, not a 429 or 5xx, not a time limit, not a response that cannot be decoded.
pub(crate) fn is_definite_no(error: &Error) -> bool {
    // Digiwin says 401 in an envelope, and Authing 2020, with HTTP status 200.
    error.is_authentication()
        && !error.is_session_login()
        && (error.status() == Some(401) || matches!(error.code(), Some("401" | "2020")))
}

/// Returns how to reject a request whose handler met this error in a call for the caller.
pub(crate) fn rejection_kind(error: &Error) -> RejectionKind {
    use ErrorKind::*;
    match error.kind() {
        // This server could not log itself in: nothing of the request is wrong, whatever the service said.
        Authentication | Authorization | InvalidArgument | NotFound | Validation | Conflict | Business
            if error.is_session_login() =>
        {
            RejectionKind::Unavailable
        }
        // Cloudspot: no other token helps.
        Authentication if error.status() == Some(403) => RejectionKind::Forbidden,
        Authentication => RejectionKind::InvalidToken,
        Authorization => RejectionKind::Forbidden,
        InvalidArgument | NotFound | Validation | Conflict | Business => RejectionKind::Refused,
        Configuration | BlockingInAsync => RejectionKind::Misconfigured,
        _ => RejectionKind::Unavailable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ErrorKind::*;

    #[test]
    fn only_a_definite_no_makes_a_token_invalid() {
        let error = |kind, status: Option<u16>, code: Option<&str>| {
            let error = status.into_iter().fold(Error::new(kind), Error::with_status);
            code.into_iter().fold(error, Error::with_code)
        };
        for (kind, status, code, expected) in [
            (Authentication, Some(401), None, true),
            (Authentication, Some(401), Some("NOT_AUTHORIZED"), true),
            (Authentication, Some(200), Some("401"), true),
            (Authentication, Some(200), Some("2020"), true),
            (Authentication, Some(403), None, false),
            (Authentication, Some(200), Some("2333"), false),
            (Authentication, None, None, false),
            (Application, Some(401), None, false),
            (Authorization, Some(403), None, false),
            (RateLimited, Some(429), None, false),
            (Server, Some(500), None, false),
            (Server, Some(503), Some("401"), false),
            (Api, Some(302), None, false),
            (NotFound, Some(404), None, false),
            (Business, Some(200), Some("21009"), false),
            (Decode, Some(200), None, false),
            (Timeout, None, None, false),
            (Connect, None, None, false),
            (Transport, None, None, false),
            (Tls, None, None, false),
            (TooLarge, Some(200), None, false),
            (Store, None, None, false),
            (LoginLimited, None, None, false),
            (Configuration, None, None, false),
        ] {
            assert_eq!(is_definite_no(&error(kind, status, code)), expected, "{kind:?} {status:?} {code:?}");
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
            (Application, 401, "digiwin.identity.get_public_key", RejectionKind::Unavailable),
            (RateLimited, 429, "digiwin.users.get_user", RejectionKind::Unavailable),
            (Server, 500, "digiwin.users.get_user", RejectionKind::Unavailable),
            (Decode, 200, "digiwin.users.get_user", RejectionKind::Unavailable),
            (Configuration, 0, "digiwin.users.get_user", RejectionKind::Misconfigured),
        ] {
            let error = Error::new(kind).with_status(status).with_operation(operation);
            assert_eq!(rejection_kind(&error), expected, "{kind:?} {status} {operation}");
            let of_session = error.with_session_login(true);
            let expected = match expected {
                RejectionKind::Misconfigured => expected,
                _ => RejectionKind::Unavailable,
            };
            assert_eq!(rejection_kind(&of_session), expected, "{kind:?} {status} {operation}: the session's login");
            assert!(!is_definite_no(&of_session));
        }
    }
}
