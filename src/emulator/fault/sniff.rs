//! Reads the operation and length of a request from its first bytes.

use crate::emulator::recognize;

/// A request of which enough has been read to know its operation.
pub(super) struct Sniffed<'a> {
    pub(super) operations: Vec<&'static str>,
    pub(super) path: &'a str,
    /// The bytes of the whole request.
    pub(super) length: usize,
}

/// Returns how many bytes the head has, the empty line included.
pub(super) fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

/// Returns whether the client sends the body only once it is asked to, and nothing of it has come.
pub(super) fn waits_for_continue(bytes: &[u8]) -> bool {
    let Some(head) = end_of_head(bytes).filter(|head| *head == bytes.len()) else { return false };
    let text = String::from_utf8_lossy(&bytes[..head]);
    let mut headers = text.lines().filter_map(|line| line.split_once(':'));
    headers
        .any(|(name, value)| name.eq_ignore_ascii_case("expect") && value.trim().eq_ignore_ascii_case("100-continue"))
}

/// Returns the request that begins here, or `None` while too little of it has been read. Only the choice of a fault uses this
/// parse; the HTTP server parses the request again.
pub(super) fn request(bytes: &[u8]) -> Option<Sniffed<'_>> {
    let head = end_of_head(bytes)?;
    let text = std::str::from_utf8(&bytes[..head]).unwrap_or_default();
    let mut lines = text.lines();
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = target.split('?').next().unwrap_or_default();
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let length = head.saturating_add(length.unwrap_or(0));
    if recognize::needs_body(path) && bytes.len() < length {
        return None;
    }
    let body = bytes.get(head..length).unwrap_or_default();
    Some(Sniffed { operations: recognize::names(method, path, body), path, length })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_known_after_the_head_or_the_body() {
        let user = "POST /api/iam/v2/user?a=b HTTP/1.1\r\nContent-Length: 9\r\n\r\n";
        let body = r#"{"query": "query { userpool { id } }"}"#;
        let graphql = format!("POST /graphql/v2 HTTP/1.1\r\ncontent-length: {}\r\n\r\n", body.len());
        let table = [
            (user[..30].to_owned(), None),
            (user.to_owned(), Some(("digiwin.users.get_user", user.len() + 9))),
            (graphql.clone(), None),
            (graphql.clone() + body, Some(("authing.userpool_detail", graphql.len() + body.len()))),
        ];
        for (bytes, expected) in table {
            let found = request(bytes.as_bytes()).map(|request| (request.operations[0], request.length));
            assert_eq!(found, expected, "{bytes}");
        }
        assert_eq!(request(b"\xff\r\n\r\n").unwrap().path, "");
    }
}
