//! What the service takes, as its schema says.

use crate::{
    arguments::Field,
    failure::{Failure, Result},
};
use serde_json::Value;

/// Returns the names of the fields of an input.
pub fn fields_of(input: &str) -> Vec<&'static str> {
    types_of(input).into_iter().map(|(name, _)| name).collect()
}

/// Refuses fields whose values have another type than the schema says: `blocked=false` is a text.
pub fn check_types(input: &str, fields: &[Field]) -> Result<()> {
    let types = types_of(input);
    for Field { name, value } in fields {
        let wanted = types.iter().find(|(known, _)| known == name).map(|(_, wanted)| *wanted);
        let how = match (wanted, value) {
            (_, Value::Null) => None,
            (Some("Boolean"), value) if !value.is_boolean() => Some(format!("true or false: {name}:=true")),
            (Some("Int"), value) if !value.is_i64() => Some(format!("a whole number: {name}:=1")),
            (Some("String"), value) if !value.is_string() => Some(format!("a text: {name}=TEXT")),
            _ => None,
        };
        if let Some(how) = how {
            return Err(Failure::Usage(format!("{name}: it is {how}")));
        }
    }
    Ok(())
}

fn types_of(input: &str) -> Vec<(&'static str, &'static str)> {
    const SCHEMA: &str = include_str!("../../../authing/schema.graphql");
    let begin = format!("\ninput {input} {{\n");
    let body = SCHEMA.split_once(&begin).and_then(|(_, rest)| rest.split_once("\n}")).map_or("", |(body, _)| body);
    let field = |line: &'static str| line.split_once(':').map(|(name, of)| (name.trim(), of.trim()));
    body.lines().filter_map(field).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::field;

    #[test]
    fn inputs_have_their_fields() {
        let (create, update) = (fields_of("CreateUserInput"), fields_of("UpdateUserInput"));
        assert_eq!((create.first(), create.last()), (Some(&"username"), Some(&"externalId")));
        assert_eq!((update.first(), update.last()), (Some(&"username"), Some(&"status")));
        assert_eq!((create.len(), update.len()), (42, 41));
        assert!(fields_of("Nothing").is_empty());
    }

    #[test]
    fn a_value_has_the_type_of_its_field() {
        let check = |text: &str| check_types("CreateUserInput", &[field(text).unwrap()]);
        for right in
            ["blocked:=true", "blocked:=null", "loginsCount:=7", "name=true", "nosuch:=7", "registerSource:=[]"]
        {
            assert!(check(right).is_ok(), "{right}");
        }
        for (wrong, expected) in [
            ("blocked=false", "blocked: it is true or false: blocked:=true"),
            ("loginsCount=7", "loginsCount: it is a whole number: loginsCount:=1"),
            ("name:=7", "name: it is a text: name=TEXT"),
        ] {
            assert_eq!(check(wrong).unwrap_err().to_string(), expected);
        }
    }
}
