//! Whether a GraphQL document only reads: decided from its tokens, for a document that nobody has validated.

/// Returns whether a document is certain to hold queries and fragments alone, at least one query among them.
///
/// A document that does not follow the grammar, as far as it is looked at, is not certain: services differ in what they
/// forgive.
pub(super) fn is_query(document: &str) -> bool {
    let mut tokens = Tokens { text: document };
    let mut queries = 0;
    loop {
        match tokens.next() {
            Some(Token::End) => return queries > 0,
            Some(Token::Punctuator('{')) if tokens.pass_group('{') => queries += 1,
            Some(Token::Name("query")) if tokens.pass_operation() => queries += 1,
            Some(Token::Name("fragment")) if tokens.pass_fragment() => {}
            _ => return false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Token<'a> {
    Name(&'a str),
    Punctuator(char),
    /// A number or a string: which one does not matter.
    Value,
    End,
}

#[derive(Clone, Copy)]
struct Tokens<'a> {
    text: &'a str,
}

impl<'a> Tokens<'a> {
    /// The next token; `None` where there is none that GraphQL knows.
    fn next(&mut self) -> Option<Token<'a>> {
        self.pass_ignored()?;
        let Some(first) = self.text.chars().next() else { return Some(Token::End) };
        match first {
            '_' | 'a'..='z' | 'A'..='Z' => {
                Some(Token::Name(self.take_while(|c| c == '_' || c.is_ascii_alphanumeric())))
            }
            '-' | '0'..='9' => {
                self.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.' | '_'));
                Some(Token::Value)
            }
            '"' => self.pass_string().then_some(Token::Value),
            '.' => {
                self.text = self.text.strip_prefix("...")?;
                Some(Token::Punctuator('.'))
            }
            '!' | '$' | '&' | '(' | ')' | ':' | '=' | '@' | '[' | ']' | '{' | '|' | '}' => {
                self.text = &self.text[1..];
                Some(Token::Punctuator(first))
            }
            _ => None,
        }
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let end = self.text.find(|c| !belongs(c)).unwrap_or(self.text.len());
        let (taken, rest) = self.text.split_at(end);
        self.text = rest;
        taken
    }

    /// Byte order marks, white space, commas and comments. `None`: a comment may end elsewhere for another reader.
    fn pass_ignored(&mut self) -> Option<()> {
        loop {
            self.text = self.text.trim_start_matches(['\u{FEFF}', ' ', '\t', '\n', '\r', ',']);
            let Some(comment) = self.text.strip_prefix('#') else { return Some(()) };
            let end = comment.find(['\n', '\r']).unwrap_or(comment.len());
            let (comment, rest) = comment.split_at(end);
            // Line ends elsewhere, but not in GraphQL.
            if comment.contains(|c: char| (c.is_control() && c != '\t') || matches!(c, '\u{2028}' | '\u{2029}')) {
                return None;
            }
            self.text = rest;
        }
    }

    fn pass_string(&mut self) -> bool {
        if let Some(mut rest) = self.text.strip_prefix("\"\"\"") {
            while let Some(end) = rest.find("\"\"\"") {
                let is_escaped = rest[..end].ends_with('\\');
                rest = &rest[end + 3..];
                if !is_escaped {
                    self.text = rest;
                    return true;
                }
            }
            return false;
        }
        let mut is_escaped = false;
        for (at, c) in self.text.char_indices().skip(1) {
            match c {
                '\n' | '\r' => return false,
                '"' if !is_escaped => {
                    self.text = &self.text[at + 1..];
                    return true;
                }
                _ => is_escaped = c == '\\' && !is_escaped,
            }
        }
        false
    }

    /// What follows `query`: a name, variables, directives and the selection.
    fn pass_operation(&mut self) -> bool {
        self.pass_name();
        (!self.pass('(') || self.pass_group('(')) && self.pass_selection()
    }

    /// What follows `fragment`: a name, a type, directives and the selection.
    fn pass_fragment(&mut self) -> bool {
        let name = self.next();
        matches!(name, Some(Token::Name(name)) if name != "on")
            && self.next() == Some(Token::Name("on"))
            && matches!(self.next(), Some(Token::Name(_)))
            && self.pass_selection()
    }

    fn pass_selection(&mut self) -> bool {
        while self.pass('@') {
            if !self.pass_name() || (self.pass('(') && !self.pass_group('(')) {
                return false;
            }
        }
        self.pass('{') && self.pass_group('{')
    }

    fn pass_name(&mut self) -> bool {
        let mut after = *self;
        let is_name = matches!(after.next(), Some(Token::Name(_)));
        if is_name {
            *self = after;
        }
        is_name
    }

    fn pass(&mut self, punctuator: char) -> bool {
        let mut after = *self;
        let is_next = after.next() == Some(Token::Punctuator(punctuator));
        if is_next {
            *self = after;
        }
        is_next
    }

    /// What follows an opening bracket, up to its closing one.
    fn pass_group(&mut self, opening: char) -> bool {
        let mut open = vec![opening];
        while let Some(last) = open.last() {
            match (self.next(), last) {
                (Some(Token::Punctuator(bracket @ ('{' | '(' | '['))), _) => open.push(bracket),
                (Some(Token::Punctuator('}')), '{')
                | (Some(Token::Punctuator(')')), '(')
                | (Some(Token::Punctuator(']')), '[') => drop(open.pop()),
                (None | Some(Token::End | Token::Punctuator('}' | ')' | ']')), _) => return false,
                _ => {}
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use apollo_compiler::ast::{Definition, Document, OperationType};
    use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

    #[test]
    fn only_what_is_certain_to_read_is_a_query() {
        for query in [
            "{ a }",
            "query { a }",
            "query q { a }",
            "query mutation { a }",
            "\u{FEFF}query{a}",
            ",,\u{FEFF}, # mutation { x }\n#\r query q { a }",
            "query q($a: [A!]! = [{b: \"}\", c: {d: 1}}], $b: Int = -1.5e3) @x(y: {z: \"\"\" } \\\"\"\" mutation \"\"\"}) @z { a }",
            "fragment f on T { x } query q { ...f }",
            "query q { ...f } fragment f on mutation @d { mutation { subscription } }",
            "query a { x } query b { y(a: \"mutation { z }\\\\\\\" }\") } { z }",
            "{ a # }\n b }",
            "{ a(b: \"\", c: \"\"\"\"\"\", d: \"# no comment\") } # the end",
        ] {
            assert!(is_query(query), "{query}");
        }
        for other in [
            "",
            "  # nothing\n",
            "mutation { a }",
            "subscription { a }",
            "# mutation?\nmutation { a }",
            "\u{FEFF}mutation{a}",
            ", mutation { a }",
            "fragment f on T { x } mutation { ...f }",
            "fragment f on T { x }",
            "query q { a } mutation m { b }",
            "query q { a } subscription s { b }",
            "{ a } mutation { b }",
            "{ a(b: \"\\\\\") } mutation m { c(d: \"\") }",
            "{ a(b: \"\"\" \\\"\"\" \"\"\") } mutation { c }",
            "{ a(b: \"\n\") } ",
            "{ a(b: \"",
            "{ a(b: \"\"\" \\\"\"\"",
            "{ a",
            "{ a } }",
            "{ a ) }",
            "query q(",
            "query q($a: Int { a }",
            "query q mutation m { a }",
            "query q @ { a }",
            "query",
            "query q",
            "fragment on on T { a } { b }",
            "fragment f T { a } { b }",
            "type T { a: Int } { b }",
            "extend type T { a: Int } query q { b }",
            "\"\"\"said\"\"\" query { a }",
            "queryq { a }",
            "Query { a }",
            "{ a ? b }",
            "{ a .. b }",
            "{ é }",
            "\u{a0}query { a }",
            "query { a } # \u{2028} mutation { b }",
            "query { a } # \u{b} mutation { b }",
        ] {
            assert!(!is_query(other), "{other}");
        }
    }

    /// Whether apollo-compiler reads the document without a complaint, and whether it sees anything but queries in it.
    fn by_apollo(text: &str) -> (bool, bool, usize) {
        let (document, is_valid) = match Document::parse(text, "generated.graphql") {
            Ok(document) => (document, true),
            Err(broken) => (broken.partial, false),
        };
        let mut queries = 0;
        let mut others = false;
        for definition in &document.definitions {
            match definition {
                Definition::OperationDefinition(operation) if operation.operation_type == OperationType::Query => {
                    queries += 1;
                }
                Definition::FragmentDefinition(_) => {}
                _ => others = true,
            }
        }
        (is_valid, others, queries)
    }

    /// A document, mostly a good one.
    fn generate(random: &mut StdRng) -> String {
        const IGNORED: [&str; 8] = ["", " ", "\n", ",", "\u{FEFF}", "# mutation { x }\n", "#\"\"\"\r", "\t, \r\n"];
        const VALUES: [&str; 10] = [
            "1",
            "-2.5e+3",
            "$v",
            "\"mutation { x }\"",
            "\"\\\"}\"",
            "\"\"\"a \" } \\\"\"\" b\"\"\"",
            "\"\"",
            "[1, {b: \"]\"}]",
            "{c: {d: [ENUM, true, null]}}",
            "\"\\\\\"",
        ];
        const SELECTIONS: [&str; 5] = ["a", "b: c", "...f", "... on T { mutation }", "... @include(if: $v) { query }"];
        let mut text = String::new();
        let mut add = |random: &mut StdRng, part: &str| {
            text.push_str(IGNORED[random.random_range(0..IGNORED.len())]);
            text.push_str(part);
            text.push(' ');
        };
        for _ in 0..random.random_range(1..4) {
            match random.random_range(0..10) {
                0..4 => add(random, "query"),
                4 => add(random, "mutation m"),
                5 => add(random, "subscription"),
                6..8 => add(random, "fragment f on T"),
                _ => {}
            }
            if random.random_range(0..4) == 0 {
                add(random, "@d(a:");
                let value = VALUES[random.random_range(0..VALUES.len())];
                add(random, value);
                add(random, ")");
            }
            add(random, "{");
            for _ in 0..random.random_range(1..4) {
                let selection = SELECTIONS[random.random_range(0..SELECTIONS.len())];
                add(random, selection);
                if selection == "a" {
                    let value = VALUES[random.random_range(0..VALUES.len())];
                    add(random, &format!("(x: {value})"));
                }
            }
            add(random, "}");
        }
        text
    }

    /// Some characters of the document replaced, removed or put in.
    fn break_some(random: &mut StdRng, text: &str) -> String {
        const CHARACTERS: [char; 12] = ['{', '}', '(', ')', '"', '\\', '#', '\n', ',', 'm', '.', '\u{FEFF}'];
        let mut characters: Vec<char> = text.chars().collect();
        for _ in 0..random.random_range(1..3) {
            let at = random.random_range(0..characters.len());
            let character = CHARACTERS[random.random_range(0..CHARACTERS.len())];
            match random.random_range(0..3) {
                0 => characters[at] = character,
                1 => characters.insert(at, character),
                _ => drop(characters.remove(at)),
            }
        }
        characters.into_iter().collect()
    }

    #[test]
    fn agrees_with_apollo_compiler() {
        let mut random = StdRng::seed_from_u64(11);
        let (mut queries, mut refused) = (0, 0);
        for _ in 0..20_000 {
            let whole = generate(&mut random);
            let broken = break_some(&mut random, &whole);
            for text in [whole, broken] {
                let (is_valid, has_others, count) = by_apollo(&text);
                // What follows no grammar no service carries out.
                if !is_valid {
                    continue;
                }
                if is_query(&text) {
                    queries += 1;
                    assert!(!has_others && count > 0, "a query for us alone: {text:?}");
                } else {
                    refused += 1;
                    assert!(has_others || count == 0, "a query for apollo alone: {text:?}");
                }
            }
        }
        assert!(queries > 5_000 && refused > 5_000, "{queries} queries, {refused} others");
    }
}
