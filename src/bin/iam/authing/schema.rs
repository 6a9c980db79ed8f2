//! What the service takes, as its schema says.

/// Returns the names of the fields of an input.
pub fn fields_of(input: &str) -> Vec<&'static str> {
    const SCHEMA: &str = include_str!("../../../authing/schema.graphql");
    let begin = format!("\ninput {input} {{\n");
    let body = SCHEMA.split_once(&begin).and_then(|(_, rest)| rest.split_once("\n}")).map_or("", |(body, _)| body);
    body.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name.trim()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_have_their_fields() {
        let (create, update) = (fields_of("CreateUserInput"), fields_of("UpdateUserInput"));
        assert_eq!((create.first(), create.last()), (Some(&"username"), Some(&"externalId")));
        assert_eq!((update.first(), update.last()), (Some(&"username"), Some(&"status")));
        assert_eq!((create.len(), update.len()), (42, 41));
        assert!(fields_of("Nothing").is_empty());
    }
}
