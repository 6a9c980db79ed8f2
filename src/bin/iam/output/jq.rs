//! `--jq`: a filter over all that a command puts out.

use super::value::Value;
use jaq_core::{
    Compiler, Ctx, Vars, data,
    load::{Arena, File, Loader},
    unwrap_valr,
};
use jaq_json::{Val, read};

/// `@csv` and `@tsv`, which jq has and jaq has not.
const FORMATS: &str = r#"
def @csv: map(if isstring then "\"" + gsub("\""; "\"\"") + "\"" elif . == null then "" else tostring end) | join(",");
def @tsv: map(if isstring then gsub("\\\\"; "\\\\") | gsub("\t"; "\\t") | gsub("\n"; "\\n") | gsub("\r"; "\\r") elif . == null then "" else tostring end) | join("\t");
"#;

/// How much of an input an error quotes.
const QUOTED: usize = 200;

/// A filter that was found to be right.
pub struct Filter(jaq_core::Filter<data::JustLut<Val>>);

impl Filter {
    /// Compiles a filter.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(code: &str) -> Result<Self, String> {
        let arena = Arena::default();
        let formats = jaq_core::load::parse(FORMATS, |parser| parser.defs()).unwrap_or_default();
        let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs()).chain(formats);
        let functions = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
        let modules = Loader::new(definitions)
            .load(&arena, File { path: (), code })
            .map_err(|_| format!("--jq: `{code}` is not a filter"))?;
        let filter = Compiler::default().with_funs(functions).compile(modules).map_err(|errors| {
            let unknown: Vec<_> =
                errors.iter().flat_map(|(_, errors)| errors).map(|(name, _)| (*name).to_owned()).collect();
            format!("--jq: there is no `{}`", unknown.join("`, `"))
        })?;
        Ok(Self(filter))
    }

    /// Runs the filter on a value, and hands each result to `each`: as text where it is a string and `raw`, else as JSON.
    ///
    /// # Errors
    ///
    /// What the filter says of the value, as `wrong` makes a failure of it; else what `each` fails with.
    pub fn run<E>(
        &self,
        input: &Value,
        raw: bool,
        wrong: impl Fn(String) -> E,
        mut each: impl FnMut(String) -> Result<(), E>,
    ) -> Result<(), E> {
        let told = |error: String| wrong(format!("--jq: {}", shortened(&error)));
        let input = read::parse_single(input.to_string().as_bytes()).map_err(|error| told(error.to_string()))?;
        let context = Ctx::<data::JustLut<Val>>::new(&self.0.lut, Vars::new([]));
        for result in self.0.id.run((context, input)).map(unwrap_valr) {
            let text = match result.map_err(|error| told(error.to_string()))? {
                Val::TStr(text) if raw => String::from_utf8_lossy(&text).into_owned(),
                other => other.to_string(),
            };
            each(text)?;
        }
        Ok(())
    }
}

/// Leaves out the middle of a long text: an error of a filter quotes the whole value.
fn shortened(text: &str) -> String {
    let characters = text.chars().count();
    if characters <= 2 * QUOTED {
        return text.to_owned();
    }
    let (start, end): (String, String) =
        (text.chars().take(QUOTED).collect(), text.chars().skip(characters - QUOTED).collect());
    format!("{start} … {end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(code: &str, input: &str, raw: bool) -> Result<Vec<String>, String> {
        let mut all = Vec::new();
        let input: Value = serde_json::from_str(input).unwrap();
        Filter::parse(code)?.run(
            &input,
            raw,
            |text| text,
            |text| {
                all.push(text);
                Ok(())
            },
        )?;
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
    fn rows_become_csv_and_tsv() {
        let rows = r#"[["a,\"b\"", 7, null, true], ["x\ty", "1\\2"]]"#;
        assert_eq!(results(".[0] | @csv", rows, true).unwrap(), [r#""a,""b""",7,,true"#]);
        assert_eq!(results(".[1] | @tsv", rows, true).unwrap(), ["x\\ty\t1\\\\2"]);
    }

    #[test]
    fn a_wrong_filter_is_told() {
        assert!(results(".[", "[]", true).unwrap_err().contains("is not a filter"));
        assert!(results("nosuch", "[]", true).unwrap_err().contains("there is no `nosuch`"));
        assert!(results(".a.b", r#"{"a": 1}"#, true).unwrap_err().starts_with("--jq: "));
    }

    #[test]
    fn an_error_does_not_quote_the_whole_input() {
        let list = format!("[{}]", vec![r#"{"name": "somebody"}"#; 500].join(","));
        let told = results(".name", &list, true).unwrap_err();
        assert!(told.chars().count() < 500 && told.contains(" … "), "{told}");
    }
}
