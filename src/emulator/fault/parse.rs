//! Faults as text.

use super::{
    Fault, FaultError,
    argument::{needed, number},
    kinds::FAULTS,
};
use std::{collections::HashSet, str::FromStr};

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let mut words = text.split_whitespace();
        let (name, argument) = split(words.next().unwrap_or_default());
        let Some((_, make)) = FAULTS.iter().find(|(example, _)| split(example).0 == name) else {
            let names: Vec<_> = FAULTS.iter().map(|(example, _)| split(example).0).collect();
            return Err(FaultError::new(format_args!("`{name}` is no fault; the faults are {}", names.join(", "))));
        };
        let mut fault = make(argument).map_err(|error| error.of(name))?;
        let (mut probability, mut seed) = (None, None);
        let mut given = HashSet::new();
        for word in words {
            let (name, value) = split(word);
            if !given.insert(name) {
                return Err(FaultError::new(format_args!("{word}: a fault has one `{name}`; add a second fault")));
            }
            fault = match name {
                "on" => fault.on(needed("an operation", value).map_err(|error| error.of(name))?),
                "path" => fault.on_path(needed("a path", value).map_err(|error| error.of(name))?),
                "times" => fault.times(number("number", value).map_err(|error| error.of(name))?),
                "probability" => {
                    probability = Some(number("number", value).map_err(|error| error.of(name))?);
                    fault
                }
                "seed" => {
                    seed = Some(number("number", value).map_err(|error| error.of(name))?);
                    fault
                }
                "retry-after" => fault.retry_after(number("seconds", value).map_err(|error| error.of(name))?),
                _ => {
                    let conditions = "on, path, times, probability, seed, and retry-after of status";
                    return Err(FaultError::new(format_args!("`{word}` is no condition; they are {conditions}")));
                }
            };
        }
        fault = match (probability, seed) {
            (Some(probability), seed) => fault.with_probability(probability, seed.unwrap_or(0)),
            (None, Some(_)) => return Err(FaultError::new("seed needs probability: add `probability=0.5`")),
            (None, None) => fault,
        };
        fault.check()?;
        Ok(fault)
    }
}

fn split(word: &str) -> (&str, Option<&str>) {
    word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_fault_is_read_from_text() {
        let ms = Duration::from_millis;
        for (text, fault) in [
            ("refuse", Fault::refuse()),
            ("reset-within=7", Fault::reset_within(7)),
            ("reset-after on=authing.users.create times=1", Fault::reset_after().on("authing.users.create").times(1)),
            ("  drip=50ms   on=digiwin ", Fault::drip(ms(50)).on("digiwin")),
            ("delay=2s", Fault::delay(ms(2000))),
            ("status=503 retry-after=2", Fault::status(503).retry_after(2)),
            ("html path=/x probability=0.5 seed=7", Fault::html().on_path("/x").with_probability(0.5, 7)),
            ("html probability=1", Fault::html().with_probability(1.0, 0)),
            ("clock-moved=-3600", Fault::clock_moved(-3600)),
            ("redirect=https://x.example/?a=b", Fault::redirect("https://x.example/?a=b")),
        ] {
            assert_eq!(text.parse(), Ok(fault), "{text}");
        }
    }

    #[test]
    fn an_error_names_what_is_wrong() {
        for (text, wrong) in [
            ("", "`` is no fault; the faults are refuse, reset-before"),
            ("resets", "`resets` is no fault"),
            ("html=1", "html: it takes no argument, and `1` was given"),
            ("reset-within", "reset-within: the bytes must follow after `=`"),
            ("reset-within=x", "reset-within: bytes `x`: invalid digit"),
            ("status=99", "status `99`: it must be from 200 to 599"),
            ("status=70000", "status: status `70000`"),
            ("drip=5", "drip: `5`: write a time such as 50ms or 2s"),
            ("drip=xs", "drip: `xs`: invalid digit"),
            ("redirect=", "redirect: a URL must follow after `=`"),
            ("html on=digiwin.user", "on=digiwin.user: no operation has this name"),
            ("html on", "on: an operation must follow after `=`"),
            ("html times=-1", "times: number `-1`"),
            ("html once", "`once` is no condition"),
            ("html on=digiwin on=authing", "on=authing: a fault has one `on`"),
            ("html retry-after=1", "retry_after: only the fault `status` has it"),
            ("refuse times=1", "no condition can apply"),
            ("html probability=2", "probability=2: it must be from 0 to 1"),
            ("html seed=2", "seed needs probability: add `probability=0.5`"),
        ] {
            let error = text.parse::<Fault>().unwrap_err().to_string();
            assert!(error.contains(wrong), "{text}: {error}");
        }
    }

    #[test]
    fn the_examples_can_be_read() {
        for (text, _) in FAULTS {
            assert!(text.parse::<Fault>().is_ok(), "{text}");
        }
    }
}
