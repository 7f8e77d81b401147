//! What was measured, as a table. Says of each row whether its target was met.

use std::fmt;

/// All rows so far.
#[derive(Default)]
pub(crate) struct Report(Vec<[String; 5]>);

impl Report {
    /// Adds a row: what, the figure, its baseline, the target, and whether it was met.
    pub(crate) fn row(
        &mut self,
        what: &str,
        figure: &str,
        baseline: &str,
        target: &str,
        met: bool,
    ) {
        eprintln!("    {what}: {figure}");
        let verdict = if met { "met" } else { "MISSED" };
        self.0.push([what, figure, baseline, target, verdict].map(str::to_owned));
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["what", "measured", "baseline", "target", ""].map(str::to_owned);
        let rows: Vec<_> = std::iter::once(&head).chain(&self.0).collect();
        for row in &rows {
            for (column, cell) in row.iter().enumerate() {
                let width = rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
                write!(f, "| {cell:width$} ")?;
            }
            writeln!(f, "|")?;
        }
        Ok(())
    }
}

/// A count with separators: 1,234,567.
pub(crate) fn count(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The value below which `share` of the sorted `values` lie; NaN where there are none.
pub(crate) fn percentile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * share).round() as usize).copied().unwrap_or(f64::NAN)
}

/// Sorts what has no NaN in it.
pub(crate) fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}
