//! `--jq`: a filter over all that a command puts out.

use super::value::Value;
use jaq_core::{
    Compiler, Ctx, Vars, data,
    load::{Arena, File, Loader},
    unwrap_valr,
};
use jaq_json::{Val, read};

/// Runs a filter on a value, and hands each result to `each`: as text where it is a string and `raw`, else as JSON.
///
/// # Errors
///
/// What is wrong with the filter, or what it says of the value; else what `each` fails with.
pub fn run<E: From<String>>(
    code: &str,
    input: &Value,
    raw: bool,
    mut each: impl FnMut(String) -> Result<(), E>,
) -> Result<(), E> {
    let arena = Arena::default();
    let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    let functions = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
    let modules = Loader::new(definitions)
        .load(&arena, File { path: (), code })
        .map_err(|_| format!("--jq: `{code}` is not a filter"))?;
    let filter = Compiler::default().with_funs(functions).compile(modules).map_err(|errors| {
        let unknown: Vec<_> =
            errors.iter().flat_map(|(_, errors)| errors).map(|(name, _)| (*name).to_owned()).collect();
        format!("--jq: there is no `{}`", unknown.join("`, `"))
    })?;
    let input = read::parse_single(input.to_string().as_bytes()).map_err(|error| format!("--jq: {error}"))?;
    let context = Ctx::<data::JustLut<Val>>::new(&filter.lut, Vars::new([]));
    for result in filter.id.run((context, input)).map(unwrap_valr) {
        let text = match result.map_err(|error| format!("--jq: {error}"))? {
            Val::TStr(text) if raw => String::from_utf8_lossy(&text).into_owned(),
            other => other.to_string(),
        };
        each(text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(code: &str, input: &str, raw: bool) -> Result<Vec<String>, String> {
        let mut all = Vec::new();
        run(code, &serde_json::from_str(input).unwrap(), raw, |text| {
            all.push(text);
            Ok::<_, String>(())
        })?;
        Ok(all)
    }

    #[test]
    fn a_filter_sees_the_whole_list() {
        let list = r#"[{"b": "ü", "a": 1}, {"b": "x", "a": 2}]"#;
        assert_eq!(results("length, (map(.a) | add)", list, true).unwrap(), ["2", "3"]);
        assert_eq!(results(".[].b", list, true).unwrap(), ["ü", "x"]);
        assert_eq!(results(".[].b", list, false).unwrap(), ["\"ü\"", "\"x\""]);
        assert_eq!(results(".[0]", list, true).unwrap(), [r#"{"b":"ü","a":1}"#], "members keep their order");
    }

    #[test]
    fn a_wrong_filter_is_told() {
        assert!(results(".[", "[]", true).unwrap_err().contains("is not a filter"));
        assert!(results("nosuch", "[]", true).unwrap_err().contains("there is no `nosuch`"));
        assert!(results(".a.b", r#"{"a": 1}"#, true).unwrap_err().starts_with("--jq: "));
    }
}
