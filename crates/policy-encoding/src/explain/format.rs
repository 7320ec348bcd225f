//! Numbers and times as people write them.

use alloc::{
    format,
    string::{String, ToString},
};

use alloy_primitives::{U256, uint};

/// Decimal digits in groups of three: `1,234,567`.
#[must_use]
pub fn grouped(number: U256) -> String {
    group(&number.to_string())
}

fn group(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number of the smallest units, as an amount with `decimals` decimals: `amount(1_500_000, 6)` is `1.5`.
#[must_use]
pub fn amount(units: U256, decimals: u8) -> String {
    let digits = units.to_string();
    let decimals = usize::from(decimals);
    let (whole, fraction) = if digits.len() > decimals {
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        (group(whole), fraction.to_string())
    } else {
        ("0".to_string(), format!("{digits:0>decimals$}"))
    };
    match fraction.trim_end_matches('0') {
        "" => whole,
        fraction => format!("{whole}.{fraction}"),
    }
}

/// Text of unknown origin in quotes: whatever is not printable ASCII is escaped, so that it cannot look like something else.
#[must_use]
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            ' '..='~' => out.push(character),
            _ => out.extend(character.escape_unicode()),
        }
    }
    out.push('"');
    out
}

/// Whether an amount is so large that it limits nothing: no token counts 2^128 units.
#[must_use]
pub(crate) fn is_boundless(units: U256) -> bool {
    units >= uint!(0x1_0000000000000000_0000000000000000_U256)
}

/// A moment, in seconds since 1970, as `2026-03-01 12:00:00 UTC`.
#[must_use]
pub fn utc(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02} UTC", rest / 3600, rest / 60 % 60, rest % 60)
}

/// Year, month and day of the Gregorian calendar, by days since 1970-01-01.
///
/// Counts from 0000-03-01, so that a leap day is the last day of its year.
const fn civil(days: u64) -> (u64, u64, u64) {
    const DAYS_IN_400_YEARS: u64 = 146_097;
    let days = days + 719_468;
    let (era, day_of_era) = (days / DAYS_IN_400_YEARS, days % DAYS_IN_400_YEARS);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        assert_eq!(utc(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(utc(951_782_399), "2000-02-28 23:59:59 UTC");
        assert_eq!(utc(951_782_400), "2000-02-29 00:00:00 UTC");
        assert_eq!(utc(1_709_251_199), "2024-02-29 23:59:59 UTC");
        assert_eq!(utc(4_107_542_400), "2100-03-01 00:00:00 UTC");
        assert_eq!(utc(0xffff_ffff_ffff), "8921556-12-07 10:44:15 UTC");
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut before = civil(0);
        for days in 1..200_000 {
            let (year, month, day) = civil(days);
            let next = (year, month, day) == (before.0, before.1, before.2 + 1)
                || day == 1 && ((year, month) == (before.0, before.1 + 1) || (year, month) == (before.0 + 1, 1));
            assert!(next && (1..=12).contains(&month) && day <= 31, "{before:?} {year}-{month}-{day}");
            before = (year, month, day);
        }
    }

    #[test]
    fn text_of_others_shows_what_it_holds() {
        assert_eq!(quoted(r#"Mail(string to)"#), r#""Mail(string to)""#);
        assert_eq!(quoted("a\"b\\c\nd\u{202e}é"), r#""a\"b\\c\u{a}d\u{202e}\u{e9}""#);
    }

    #[test]
    fn amounts() {
        assert_eq!(amount(U256::from(1_500_000), 6), "1.5");
        assert_eq!(amount(U256::from(1_234_000_000_000_u64), 6), "1,234,000");
        assert_eq!(amount(U256::from(1), 18), "0.000000000000000001");
        assert_eq!(amount(U256::ZERO, 18), "0");
        assert_eq!(amount(U256::from(1234), 0), "1,234");
        assert_eq!(grouped(U256::from(1_000_000)), "1,000,000");
    }
}
