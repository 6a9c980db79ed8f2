//! The names nearest to one that does not exist.

/// Returns the three names that take the fewest changes of a letter to become from `name`.
pub(super) fn nearest(name: &str, names: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut names: Vec<_> = names.map(|other| (distance(name, other), other)).collect();
    names.sort_unstable();
    names.into_iter().take(3).map(|(_, name)| name).collect()
}

/// Returns how many letters must be added, removed or replaced.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    // A name that is longer than any is as far as its first letters are.
    for (line, given) in from.chars().take(200).enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, wanted) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(given != *wanted);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_counted() {
        for (from, to, expected) in [("", "", 0), ("ab", "", 2), ("kitten", "sitting", 3), ("flaw", "lawn", 2)] {
            assert_eq!((distance(from, to), distance(to, from)), (expected, expected), "{from} {to}");
        }
        assert_eq!(nearest("b", ["xyz", "c", "b", "bb"].into_iter()), ["b", "bb", "c"]);
    }
}
