//! Wrong command lines: what is told of them to programs, before there are arguments that say how.

use crate::{command::Global, output::Format};
use clap::ValueEnum as _;
use std::ffi::OsString;

/// Returns whether a command line that cannot be read asks for JSON, as far as can be seen.
pub fn is_json(arguments: impl Iterator<Item = OsString>) -> bool {
    let words: Vec<_> = arguments.skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let mut global = Global::default();
    global.output.output = last_value(&words, 'o', "output").and_then(|name| Format::from_str(name, true).ok());
    global.flags.profile = last_value(&words, 'p', "profile").map(str::to_owned);
    global.is_json()
}

/// Returns the value of a flag, the last one of several.
fn last_value<'a>(words: &'a [String], short: char, long: &str) -> Option<&'a str> {
    let mut found = None;
    let mut words = words.iter().map(String::as_str).take_while(|word| *word != "--");
    while let Some(word) = words.next() {
        let value = match word.strip_prefix("--") {
            Some(word) if word == long => words.next(),
            Some(word) => word.strip_prefix(long).and_then(|rest| rest.strip_prefix('=')),
            None => match word.strip_prefix('-').and_then(|word| word.strip_prefix(short)) {
                Some("") => words.next(),
                Some(value) => Some(value.strip_prefix('=').unwrap_or(value)),
                None => None,
            },
        };
        found = value.or(found);
    }
    found
}

/// Returns what is wrong, on one line, without the usage that follows it.
pub fn message(error: &clap::Error) -> String {
    let text = error.to_string();
    let text = text.split("\n\nUsage:").next().unwrap_or(&text);
    let text = text.split("\n\nFor more information").next().unwrap_or(text);
    text.strip_prefix("error: ").unwrap_or(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_found_wherever_it_stands() {
        for (line, expected) in [
            ("users -o json", Some("json")),
            ("-ojson users", Some("json")),
            ("users -o=json", Some("json")),
            ("users --output json", Some("json")),
            ("users --output=csv --output=json", Some("json")),
            ("users --output-file json", None),
            ("users -- -o json", None),
            ("users -o", None),
            ("", None),
        ] {
            let words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
            assert_eq!(last_value(&words, 'o', "output"), expected, "{line}");
        }
    }

    #[test]
    fn the_message_is_one_line_without_the_usage() {
        let error = crate::tree().try_get_matches_from(["iam", "whoami", "--nosuch"]).unwrap_err();
        assert_eq!(message(&error), "unexpected argument '--nosuch' found");
    }
}
