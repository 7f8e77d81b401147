//! Numbers, times, sizes and bytes as text. Knows no clock and no locale: whoever shows a time says the offset from UTC.

use std::fmt::Write;

/// A number with so many decimals: "2.50". The standard library's way is exact for every number there is, for which it
/// brings 10 KB of tables; the numbers of a page are small, and are rounded anyway.
pub fn fixed(value: f64, decimals: u32) -> String {
    let unit = 10_i64.pow(decimals);
    let scaled = (value * unit as f64).round() as i64;
    let (whole, part) = (scaled.unsigned_abs() / unit as u64, scaled.unsigned_abs() % unit as u64);
    let sign = if scaled < 0 { "-" } else { "" };
    match decimals {
        0 => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{part:0width$}", width = decimals as usize),
    }
}

/// A number with at most so many decimals: "2.5".
pub fn decimal(value: f64, decimals: u32) -> String {
    let text = fixed(value, decimals);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// A length of time in three digits or so: "84 µs", "1.02 s", "3 min 20 s".
pub fn duration(nanoseconds: u64) -> String {
    let ns = nanoseconds as f64;
    let short = |value: f64, unit: &str| {
        let decimals = if value < 9.995 { 2 } else { u32::from(value < 99.95) };
        format!("{} {unit}", decimal(value, decimals))
    };
    match nanoseconds {
        0..1_000 => format!("{nanoseconds} ns"),
        1_000..999_500 => short(ns / 1e3, "µs"),
        999_500..999_500_000 => short(ns / 1e6, "ms"),
        999_500_000..60_000_000_000 => short(ns / 1e9, "s"),
        _ => {
            let seconds = nanoseconds / 1_000_000_000;
            match seconds / 60 {
                minutes @ 0..60 => format!("{minutes} min {} s", seconds % 60),
                minutes => format!("{} h {} min", minutes / 60, minutes % 60),
            }
        }
    }
}

/// A signal as programmers know it: "SIGKILL"; its number where it is a rare one.
pub fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        6 => "SIGABRT",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        _ => return format!("signal {signal}"),
    };
    name.to_owned()
}

/// A time of day with nanoseconds, "13:02:11.482 917 204", where clocks are `offset_minutes` ahead of UTC.
pub fn wall_clock(at: u64, offset_minutes: i32) -> String {
    let day = 86_400_i64;
    let seconds = (at / 1_000_000_000) as i64 + i64::from(offset_minutes) * 60;
    let second = seconds.rem_euclid(day);
    let (hours, minutes) = (second / 3600, second / 60 % 60);
    let ns = at % 1_000_000_000;
    let (ms, us, ns) = (ns / 1_000_000, ns / 1_000 % 1_000, ns % 1_000);
    format!("{hours:02}:{minutes:02}:{:02}.{ms:03} {us:03} {ns:03}", second % 60)
}

/// A count with thin groups of three: "65 507".
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A size in bytes with three digits or so: "640 B", "1.5 KB" (of 1024).
pub fn size(bytes: u64) -> String {
    let units = ["KB", "MB", "GB", "TB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1023.95 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{} {}", fixed(value, u32::from(value < 99.95)), units[unit])
}

/// One line of a dump: a few bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DumpLine {
    /// The number of its first byte.
    pub offset: usize,
    /// The bytes in hexadecimal, a space between them.
    pub hex: String,
    /// The bytes as ASCII; what is not printable is a "·".
    pub text: String,
}

/// `bytes` in lines of `width` (at least 1).
pub fn dump(bytes: &[u8], width: usize) -> Vec<DumpLine> {
    let width = width.max(1);
    let line = |(at, chunk): (usize, &[u8])| {
        let mut hex = String::with_capacity(chunk.len() * 3);
        for byte in chunk {
            let gap = if hex.is_empty() { "" } else { " " };
            // Writing to a String cannot fail.
            let _ = write!(hex, "{gap}{byte:02x}");
        }
        let shown = |byte: &u8| match byte {
            0x20..0x7f => char::from(*byte),
            _ => '·',
        };
        DumpLine { offset: at * width, hex, text: chunk.iter().map(shown).collect() }
    };
    bytes.chunks(width).enumerate().map(line).collect()
}

/// A payload as it may stand in a label: quoted, controls escaped, on one line.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() || turns_direction(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Characters that would disguise what stands around them.
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_rounded_as_the_standard_library_does() {
        for value in [0.0, -0.04, 1.25, -1.06, 99.996, 1e9, 123_456.789] {
            assert_eq!(fixed(value, 2), format!("{:.2}", value + 0.0).replace("-0.00", "0.00"));
        }
        assert_eq!(["2.5", "-3", "100", "0"], [2.5, -3.0, 100.0, 0.04].map(|v| decimal(v, 1)));
    }

    #[test]
    fn durations_have_three_digits() {
        let shown = |ns| duration(ns);
        assert_eq!(shown(0), "0 ns");
        assert_eq!(shown(84_000), "84 µs");
        assert_eq!(shown(84_250), "84.3 µs");
        assert_eq!(shown(1_020_000_000), "1.02 s");
        assert_eq!(shown(999_600), "1 ms");
        assert_eq!(shown(200_000_000_000), "3 min 20 s");
        assert_eq!(shown(u64::MAX), "5124095 h 34 min");
    }

    #[test]
    fn clocks_turn_at_midnight() {
        assert_eq!(wall_clock(86_399_482_917_204, 1), "00:00:59.482 917 204");
        assert_eq!(wall_clock(0, -1), "23:59:00.000 000 000");
    }

    #[test]
    fn sizes_and_counts() {
        assert_eq!([size(1023), size(1536), size(1024 * 1024)], ["1023 B", "1.5 KB", "1.0 MB"]);
        assert_eq!([count(7), count(65_507)], ["7", "65\u{202f}507"]);
    }

    #[test]
    fn dumps_show_each_byte() {
        let lines = dump(b"hello\n\xff!", 5);
        assert_eq!(lines[0].hex, "68 65 6c 6c 6f");
        assert_eq!(lines[1], DumpLine { offset: 5, hex: "0a ff 21".into(), text: "··!".into() });
    }

    #[test]
    fn quotes_disguise_nothing() {
        assert_eq!(quoted("a\"b\n\u{202e}"), "\"a\\\"b\\n\\u{202e}\"");
    }
}
