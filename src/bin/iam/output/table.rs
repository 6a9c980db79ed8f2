//! Tables whose columns are aligned on a screen, where Chinese characters are two cells wide.

use std::borrow::Cow;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The widest that a column gets; longer cells are cut, unless they are in the last column.
const WIDEST: usize = 48;

/// The columns of a table: as wide as the widest cell among the first rows.
pub struct Columns(Vec<usize>);

impl Columns {
    /// Measures columns by these rows, the head among them.
    pub fn measure<'a>(rows: impl Iterator<Item = &'a [String]>) -> Self {
        let mut widths = Vec::new();
        for row in rows {
            widths.resize(row.len().max(widths.len()), 0);
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(one_line(cell).width()).min(WIDEST);
            }
        }
        Self(widths)
    }

    /// Returns a row as a line, without its end.
    pub fn line(&self, row: &[String]) -> String {
        let mut line = String::new();
        for (at, (cell, &width)) in row.iter().zip(&self.0).enumerate() {
            let cell = one_line(cell);
            if at + 1 == row.len() {
                line.push_str(&cell);
                break;
            }
            let cut = cut(&cell, width);
            line.push_str(&cut);
            line.extend(std::iter::repeat_n(' ', (width + 2).saturating_sub(cut.width())));
        }
        line.truncate(line.trim_end().len());
        line
    }
}

/// A cell without what would break the lines of a table, or act on the terminal.
pub fn one_line(text: &str) -> Cow<'_, str> {
    match text.chars().any(char::is_control) {
        true => text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().into(),
        false => text.into(),
    }
}

/// Cuts a text that is wider than `width`, and marks it with `…`.
fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return text.into();
    }
    let mut used = 0;
    let kept = text.chars().take_while(|c| {
        used += c.width().unwrap_or(0);
        used < width
    });
    let mut kept: String = kept.collect();
    kept.push('…');
    kept.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect()
    }

    #[test]
    fn columns_line_up_whatever_the_script() {
        let rows =
            rows(&[&["ID", "NAME", "MAIL"], &["1", "鼎捷软件", "a@x"], &["22", "Ann", ""], &["3", "Zoë", "z@x"]]);
        let columns = Columns::measure(rows.iter().map(Vec::as_slice));
        let lines: Vec<_> = rows.iter().map(|row| columns.line(row)).collect();
        assert_eq!(lines, ["ID  NAME      MAIL", "1   鼎捷软件  a@x", "22  Ann", "3   Zoë       z@x"]);
        let at: Vec<_> = [0, 1, 3].map(|line: usize| lines[line].width() - rows[line][2].width()).into();
        assert_eq!(at, [14, 14, 14], "the third column begins at one place");
    }

    #[test]
    fn a_long_cell_is_cut_between_characters_and_the_last_one_never() {
        let rows = rows(&[&[&"鼎".repeat(40), &"x".repeat(100)]]);
        let line = Columns::measure(rows.iter().map(Vec::as_slice)).line(&rows[0]);
        assert!(line.starts_with(&"鼎".repeat(23)) && line.contains("…") && line.ends_with(&"x".repeat(100)), "{line}");
    }

    #[test]
    fn no_cell_breaks_the_table_or_acts_on_the_terminal() {
        assert_eq!(one_line("a\nb\u{1b}[31mc\t"), "a b [31mc ");
    }
}
