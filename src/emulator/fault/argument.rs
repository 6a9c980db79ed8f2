//! Arguments of faults as text.

use super::FaultError;
use std::{fmt::Display, str::FromStr, time::Duration};

pub(super) fn plain<T>(argument: Option<&str>, fault: fn() -> T) -> Result<T, FaultError> {
    match argument {
        None => Ok(fault()),
        Some(argument) => Err(FaultError::new(format_args!("it takes no argument, and `{argument}` was given"))),
    }
}

pub(super) fn needed<'a>(what: &str, argument: Option<&'a str>) -> Result<&'a str, FaultError> {
    argument
        .filter(|text| !text.is_empty())
        .ok_or_else(|| FaultError::new(format_args!("{what} must follow after `=`")))
}

pub(super) fn number<T: FromStr<Err: Display>>(what: &str, argument: Option<&str>) -> Result<T, FaultError> {
    let text = needed(&format!("the {what}"), argument)?;
    text.parse().map_err(|error| FaultError::new(format_args!("{what} `{text}`: {error}")))
}

/// Reads `50ms` or `2s`.
pub(super) fn time(argument: Option<&str>) -> Result<Duration, FaultError> {
    let text = needed("a time such as 50ms or 2s", argument)?;
    let (number, make): (_, fn(u64) -> Duration) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(number), _) => (number, Duration::from_millis),
        (None, Some(number)) => (number, Duration::from_secs),
        (None, None) => return Err(FaultError::new(format_args!("`{text}`: write a time such as 50ms or 2s"))),
    };
    let wrong = |error| FaultError::new(format_args!("`{text}`: {error}; write a time such as 50ms or 2s"));
    number.parse().map(make).map_err(wrong)
}
