//! The wire protocol of Redis (RESP2), as much of it as a store needs.
//!
//! Written here, since the deadline of a call must hold over every read and write: the client libraries bound each of them by
//! itself, and a server that sends a byte now and then takes as long as it likes.

use std::io::{self, BufRead, Read as _};

/// The longest line, and the largest value that is read at all.
const LONGEST_LINE: u64 = 64 * 1024;
const LARGEST: usize = 1024 * 1024;
/// The responses to the commands of a transaction.
const MOST_MEMBERS: usize = 16;

/// A response.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Nil,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
    Array(Vec<Reply>),
    /// A value that is larger than any entry of a store, and was not read.
    TooLarge,
    Refused {
        code: String,
        message: String,
    },
}

/// Why there is no response.
#[derive(Debug)]
pub(super) enum ReplyFault {
    Io(io::Error),
    /// The server speaks another protocol.
    Malformed,
}

impl From<io::Error> for ReplyFault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Writes a command.
pub(super) fn encode(arguments: &[&[u8]]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", arguments.len()).into_bytes();
    for argument in arguments {
        bytes.extend(format!("${}\r\n", argument.len()).into_bytes());
        bytes.extend_from_slice(argument);
        bytes.extend(b"\r\n");
    }
    bytes
}

/// Reads a response. An array has no arrays in it.
pub(super) fn read(from: &mut impl BufRead) -> Result<Reply, ReplyFault> {
    let line = read_line(from)?;
    let Some(('*', length)) = split(&line) else { return read_single(from, &line) };
    match length.parse::<i64>() {
        Ok(-1) => Ok(Reply::Nil),
        Ok(length) if (0..=MOST_MEMBERS as i64).contains(&length) => {
            let member = |_| {
                let line = read_line(from)?;
                read_single(from, &line)
            };
            (0..length).map(member).collect::<Result<_, _>>().map(Reply::Array)
        }
        _ => Err(ReplyFault::Malformed),
    }
}

fn read_single(from: &mut impl BufRead, line: &str) -> Result<Reply, ReplyFault> {
    match split(line) {
        Some(('+', text)) => Ok(Reply::Text(text.to_owned())),
        Some(('-', text)) => {
            let (code, message) = text.split_once(' ').unwrap_or((text, ""));
            Ok(Reply::Refused { code: code.to_owned(), message: message.to_owned() })
        }
        Some((':', number)) => number.parse().map(Reply::Int).map_err(|_| ReplyFault::Malformed),
        Some(('$', "-1")) => Ok(Reply::Nil),
        Some(('$', length)) => match length.parse::<usize>() {
            Ok(length) if length <= LARGEST => read_bytes(from, length),
            Ok(_) => Ok(Reply::TooLarge),
            Err(_) => Err(ReplyFault::Malformed),
        },
        _ => Err(ReplyFault::Malformed),
    }
}

fn split(line: &str) -> Option<(char, &str)> {
    let first = line.chars().next()?;
    Some((first, &line[first.len_utf8()..]))
}

fn read_bytes(from: &mut impl BufRead, length: usize) -> Result<Reply, ReplyFault> {
    let whole = length + 2;
    let mut bytes = Vec::new();
    // Grows by what comes: a length alone takes no memory.
    if from.by_ref().take(whole as u64).read_to_end(&mut bytes)? < whole {
        return Err(ReplyFault::Io(io::ErrorKind::UnexpectedEof.into()));
    }
    if bytes.split_off(length) != b"\r\n" {
        return Err(ReplyFault::Malformed);
    }
    Ok(Reply::Bytes(bytes))
}

fn read_line(from: &mut impl BufRead) -> Result<String, ReplyFault> {
    let mut line = Vec::new();
    from.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)?;
    match line.strip_suffix(b"\r\n") {
        Some(text) => Ok(String::from_utf8_lossy(text).into_owned()),
        None if line.ends_with(b"\n") || line.len() as u64 >= LONGEST_LINE => Err(ReplyFault::Malformed),
        None => Err(ReplyFault::Io(io::ErrorKind::UnexpectedEof.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(bytes: &[u8]) -> Result<Reply, ReplyFault> {
        read(&mut &*bytes)
    }

    #[test]
    fn commands_are_written() {
        assert_eq!(encode(&[b"GET", b"a\r\nb"]), b"*2\r\n$3\r\nGET\r\n$4\r\na\r\nb\r\n");
    }

    #[test]
    fn responses_are_read() {
        let table = [
            ("+OK\r\n", Reply::Text("OK".to_owned())),
            ("+\r\n", Reply::Text(String::new())),
            (":-7\r\n", Reply::Int(-7)),
            ("$-1\r\n", Reply::Nil),
            ("*-1\r\n", Reply::Nil),
            ("$0\r\n\r\n", Reply::Bytes(Vec::new())),
            ("$4\r\na\r\nb\r\n", Reply::Bytes(b"a\r\nb".to_vec())),
            ("*2\r\n:1\r\n$-1\r\n", Reply::Array(vec![Reply::Int(1), Reply::Nil])),
            ("*0\r\n", Reply::Array(Vec::new())),
            ("-ERR no such key\r\n", Reply::Refused { code: "ERR".to_owned(), message: "no such key".to_owned() }),
            ("-LOADING\r\n", Reply::Refused { code: "LOADING".to_owned(), message: String::new() }),
        ];
        for (text, expected) in table {
            assert_eq!(reply(text.as_bytes()).unwrap(), expected, "{text:?}");
            for cut in 0..text.len() {
                assert!(matches!(reply(&text.as_bytes()[..cut]), Err(ReplyFault::Io(_))), "{text:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn nothing_that_a_server_sends_panics_or_takes_memory() {
        let malformed = [
            "HTTP/1.1 400 Bad Request\r\n",
            "\r\n",
            "\n",
            ":\r\n",
            ":x\r\n",
            ":99999999999999999999\r\n",
            "$x\r\n",
            "$-2\r\n",
            "$1\r\nab\r\n",
            "*99999999\r\n",
            "*-2\r\n",
            "*1\r\n*1\r\n:1\r\n",
            "é\r\n",
            "%1\r\n",
        ];
        for text in malformed {
            assert!(matches!(reply(text.as_bytes()), Err(ReplyFault::Malformed)), "{text:?}");
        }
        assert_eq!(reply(b"$9223372036854775807\r\n").unwrap(), Reply::TooLarge);
        assert_eq!(reply(b"$1048577\r\n").unwrap(), Reply::TooLarge);
        assert!(matches!(reply(b"$1048576\r\nab"), Err(ReplyFault::Io(_))));
        assert!(matches!(reply(&vec![b'+'; 200_000]), Err(ReplyFault::Malformed)), "an endless line");
        let mut random = rand::rng();
        for length in 0..2_000 {
            let mut bytes = vec![0; length % 64];
            rand::Rng::fill_bytes(&mut random, &mut bytes);
            let _ = reply(&bytes);
        }
    }
}
