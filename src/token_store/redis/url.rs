//! The address of a Redis: `redis://[user][:password@]host[:port][/database]`.

use super::RedisStoreError;
use crate::secret::Password;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

/// Where a Redis is and how to log in to it. No text of it may show: it can hold a password.
pub(super) struct Address {
    /// A name or an IP address, without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: bool,
    pub(super) user: Option<String>,
    pub(super) password: Option<Password>,
    pub(super) database: u32,
}

impl Address {
    /// Reads a URL. Kinds of servers that the store does not support are refused by name.
    pub(super) fn parse(url: &str) -> Result<Self, RedisStoreError> {
        let refused = |reason| Err(RedisStoreError::Url { reason });
        let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme).to_ascii_lowercase();
        let tls = match &*scheme {
            "redis" | "valkey" => false,
            "rediss" | "valkeys" => true,
            "unix" | "redis+unix" | "valkey+unix" | "redis+socket" => return refused("Unix sockets are not supported"),
            scheme if scheme.contains("sentinel") => return refused("Sentinel is not supported"),
            scheme if scheme.contains("cluster") => return refused("Redis Cluster is not supported"),
            _ => return refused("the scheme must be redis or rediss"),
        };
        if names_several_hosts(url) {
            return refused("several hosts are not supported");
        }
        let Ok(url) = Url::parse(url) else { return refused("it is not a URL with a host") };
        let host = match url.host() {
            Some(Host::Domain(name)) if !name.is_empty() => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            _ => return refused("it has no host"),
        };
        // `#insecure` and `?protocol=…` of other clients change what a connection is: not obeyed, and not passed over.
        if url.query().is_some() || url.fragment().is_some() {
            return refused("parameters after ? or # are not supported");
        }
        let (Ok(user), Ok(password)) = (decode(url.username()), decode(url.password().unwrap_or_default())) else {
            return refused("user name and password must be UTF-8, with % escapes");
        };
        if !user.is_empty() && password.is_empty() {
            return refused("a user name needs a password");
        }
        let database = match url.path().trim_matches('/') {
            "" => 0,
            digits => match digits.parse() {
                Ok(database) => database,
                Err(_) => return refused("the path must be the number of a database"),
            },
        };
        Ok(Self {
            host,
            port: url.port().unwrap_or(6379),
            tls,
            user: Some(user).filter(|user| !user.is_empty()),
            password: Some(password).filter(|password| !password.is_empty()).map(Password::from),
            database,
        })
    }

    /// Host and port, which errors name.
    pub(super) fn server(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

/// Whether a comma stands between the hosts; one in the password does not count.
fn names_several_hosts(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (_, rest) = rest.rsplit_once('@').unwrap_or(("", rest));
    rest.split(['/', '?', '#']).next().is_some_and(|hosts| hosts.contains(','))
}

fn decode(text: &str) -> Result<String, std::str::Utf8Error> {
    percent_decode_str(text).decode_utf8().map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        type Read<'a> = (&'a str, u16, bool, Option<&'a str>, Option<&'a str>, u32);
        let table: [(&str, Read<'_>, &str); 10] = [
            ("redis://h", ("h", 6379, false, None, None, 0), "h:6379"),
            ("redis://h:6380/3", ("h", 6380, false, None, None, 3), "h:6380"),
            ("redis://h/", ("h", 6379, false, None, None, 0), "h:6379"),
            ("rediss://h:1", ("h", 1, true, None, None, 0), "h:1"),
            ("valkeys://h", ("h", 6379, true, None, None, 0), "h:6379"),
            ("redis://:p%40ss@h", ("h", 6379, false, None, Some("p@ss"), 0), "h:6379"),
            ("redis://ann:a,b@h", ("h", 6379, false, Some("ann"), Some("a,b"), 0), "h:6379"),
            ("redis://127.0.0.1:7/0", ("127.0.0.1", 7, false, None, None, 0), "127.0.0.1:7"),
            ("rediss://[::1]:7/0", ("::1", 7, true, None, None, 0), "[::1]:7"),
            ("REDIS://h", ("h", 6379, false, None, None, 0), "h:6379"),
        ];
        for (url, expected, server) in table {
            let address = Address::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
            let password = address.password.as_ref().map(Password::expose_secret);
            let read = (&*address.host, address.port, address.tls, address.user.as_deref(), password, address.database);
            assert_eq!((read, &*address.server()), (expected, server), "{url}");
        }
    }

    #[test]
    fn what_is_not_supported_is_named_and_the_url_is_not_repeated() {
        let table = [
            ("redis-sentinel://:canary@h:26379/main", "Sentinel"),
            ("redis+sentinel://:canary@h1,h2/main", "Sentinel"),
            ("rediss+sentinel://:canary@h/main", "Sentinel"),
            ("redis-cluster://:canary@h", "Cluster"),
            ("redis+cluster://:canary@h1,h2", "Cluster"),
            ("redis://:canary@h1:6379,h2:6379", "several hosts"),
            ("redis://:canary@h1,h2", "several hosts"),
            ("redis+unix:///canary.sock", "Unix sockets"),
            ("unix:///canary.sock", "Unix sockets"),
            ("https://:canary@h", "scheme"),
            ("canary", "scheme"),
            ("", "scheme"),
            ("redis://:canary@", "host"),
            ("redis:///canary", "host"),
            ("redis://:canary@h:99999", "not a URL"),
            ("redis://:canary@h/x", "database"),
            ("redis://:canary@h/-1", "database"),
            ("redis://canary@h", "needs a password"),
            ("rediss://:canary@h/#insecure", "parameters"),
            ("redis://:canary@h?protocol=resp3", "parameters"),
            ("redis://:canary%ff@h", "UTF-8"),
        ];
        for (url, reason) in table {
            let Err(error) = Address::parse(url) else { panic!("{url} is accepted") };
            let text = format!("{error} {error:?}");
            assert!(text.contains(reason) && !text.contains("canary"), "{url}: {text}");
            assert!(error.to_string().contains("redis://[user:password@]host"), "says what is supported: {error}");
        }
    }
}
