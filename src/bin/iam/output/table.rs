//! Tables whose columns are aligned on a screen, where Chinese characters are two cells wide.

use std::borrow::Cow;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// How many cells of a text a table shows; identifiers, addresses and the last column are shown whole.
const WIDEST: usize = 48;

/// The narrowest that a column of texts gets, so that a line fits on the screen.
const NARROWEST: usize = 10;

/// The space between two columns.
const GAP: usize = 2;

/// The columns of a table: as wide as the widest cell among the first rows.
pub struct Columns(Vec<Column>);

struct Column {
    width: usize,
    /// The widest that a cell is shown; a wider one is cut.
    most: usize,
}

impl Columns {
    /// Measures columns by these rows, the head among them. A column for which `is_whole` says so is never cut.
    pub fn measure<'a>(rows: impl Iterator<Item = &'a [String]>, is_whole: impl Fn(usize) -> bool) -> Self {
        let mut widths: Vec<usize> = Vec::new();
        for row in rows {
            widths.resize(row.len().max(widths.len()), 0);
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(one_line(cell).width());
            }
        }
        let last = widths.len().saturating_sub(1);
        let column = |(at, width): (usize, usize)| {
            let most = if at == last || is_whole(at) { usize::MAX } else { WIDEST };
            Column { width: width.min(most), most }
        };
        Self(widths.into_iter().enumerate().map(column).collect())
    }

    /// Makes lines fit into `screen` cells: shortens columns that may be cut, the widest first. Returns how many columns fit.
    pub fn fit(&mut self, screen: usize, is_whole: impl Fn(usize) -> bool) -> usize {
        while self.width(self.0.len()) > screen {
            let can_be_cut = |(at, column): &(usize, &mut Column)| !is_whole(*at) && column.width > NARROWEST;
            let widest = self.0.iter_mut().enumerate().filter(can_be_cut).max_by_key(|(_, column)| column.width);
            let Some((_, column)) = widest else { break };
            column.width -= 1;
            column.most = column.width;
        }
        (1..=self.0.len()).rev().find(|count| self.width(*count) <= screen).unwrap_or(1).min(self.0.len())
    }

    /// Returns how many cells a line of the first columns takes.
    fn width(&self, columns: usize) -> usize {
        self.0.iter().take(columns).map(|column| column.width + GAP).sum::<usize>().saturating_sub(GAP)
    }

    /// Returns a row as a line, without its end.
    pub fn line(&self, row: &[String]) -> String {
        let mut line = String::new();
        for (cell, column) in row.iter().zip(&self.0) {
            let cell = one_line(cell);
            let cut = cut(&cell, column.most);
            line.push_str(&cut);
            line.extend(std::iter::repeat_n(' ', column.width.saturating_sub(cut.width()) + GAP));
        }
        line.truncate(line.trim_end().len());
        line
    }
}

/// Returns a cell without what would break the lines of a table, act on the terminal, or turn the direction of its text.
pub fn one_line(text: &str) -> Cow<'_, str> {
    match text.chars().any(|c| c.is_control() || is_hidden(c)) {
        true => text
            .chars()
            .filter(|c| !is_hidden(*c))
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect::<String>()
            .into(),
        false => text.into(),
    }
}

/// Returns a text of several lines without what acts on the terminal or turns the direction of its text.
pub fn visible(text: &str) -> Cow<'_, str> {
    match text.chars().any(|c| c != '\n' && (c.is_control() || is_hidden(c))) {
        true => text.split('\n').map(one_line).collect::<Vec<_>>().join("\n").into(),
        false => text.into(),
    }
}

/// Whether a character shows nothing and changes how others are shown, as those that turn the direction of a text do.
pub fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0001}'..='\u{e007f}')
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

    fn measure(rows: &[Vec<String>], whole: &[usize]) -> Columns {
        Columns::measure(rows.iter().map(Vec::as_slice), |at| whole.contains(&at))
    }

    #[test]
    fn columns_line_up_whatever_the_script() {
        let rows =
            rows(&[&["ID", "NAME", "MAIL"], &["1", "鼎捷软件", "a@x"], &["22", "Ann", ""], &["3", "Zoë", "z@x"]]);
        let columns = measure(&rows, &[]);
        let lines: Vec<_> = rows.iter().map(|row| columns.line(row)).collect();
        assert_eq!(lines, ["ID  NAME      MAIL", "1   鼎捷软件  a@x", "22  Ann", "3   Zoë       z@x"]);
        let at: Vec<_> = [0, 1, 3].map(|line: usize| lines[line].width() - rows[line][2].width()).into();
        assert_eq!(at, [14, 14, 14], "the third column begins at one place");
    }

    #[test]
    fn a_long_text_is_cut_between_characters_and_an_identifier_never() {
        let rows = rows(&[&[&"a".repeat(60), &"鼎".repeat(40), &"x".repeat(100)]]);
        let line = measure(&rows, &[0]).line(&rows[0]);
        let expected = format!("{}  {}…  {}", "a".repeat(60), "鼎".repeat(23), "x".repeat(100));
        assert_eq!(line.split_whitespace().collect::<Vec<_>>(), expected.split_whitespace().collect::<Vec<_>>());
    }

    #[test]
    fn a_later_row_that_is_wider_is_shown_whole() {
        let columns = measure(&rows(&[&["a@x", "b"]]), &[0]);
        assert_eq!(columns.line(&rows(&[&["fatima@acme.example", "b"]])[0]), "fatima@acme.example  b");
    }

    #[test]
    fn lines_fit_on_the_screen() {
        let rows = rows(&[&["64f1c0b2", &"n".repeat(40), &"d".repeat(40)]]);
        for (screen, fitting, expected) in [
            (100, 3, format!("64f1c0b2  {}  {}", "n".repeat(40), "d".repeat(40))),
            (52, 3, format!("64f1c0b2  {}…  {}…", "n".repeat(19), "d".repeat(19))),
            (25, 2, format!("64f1c0b2  {}…  {}…", "n".repeat(9), "d".repeat(9))),
            (5, 1, format!("64f1c0b2  {}…  {}…", "n".repeat(9), "d".repeat(9))),
        ] {
            let mut columns = measure(&rows, &[0]);
            assert_eq!(columns.fit(screen, |at| at == 0), fitting, "{screen}");
            assert_eq!(columns.line(&rows[0]), expected, "{screen}");
        }
    }

    #[test]
    fn no_cell_breaks_the_table_or_acts_on_the_terminal() {
        assert_eq!(one_line("a\nb\u{1b}[31mc\t\u{9b}2J"), "a b [31mc  2J");
        assert_eq!(one_line("inv\u{202e}gpj.exe\u{2066}\u{200b}"), "invgpj.exe", "direction marks are left out");
        assert_eq!(one_line("👩\u{200d}🔬"), "👩\u{200d}🔬", "what joins characters stays");
        assert_eq!(visible("a\nb\u{1b}c"), "a\nb c");
    }
}
