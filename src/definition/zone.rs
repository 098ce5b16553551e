//! Reading a time zone: names of places, and what is told of those that are none.
//!
//! The database of zones also has abbreviations and fixed offsets, for old programs. They are valid,
//! and mostly wrong: `EST` never has summer time, and the signs of `Etc/GMT+5` are reversed.

use super::problem::{Problems, nearest};
use super::reader::Value;
use crate::window::Zone;

/// Reads a zone; warns of one that follows the clocks of no place.
pub(super) fn read(problems: &Problems<'_>, value: Value<'_>) -> Option<Zone> {
    let name = problems.text(value)?.value;
    let zone = Zone::named(&name);
    match &zone {
        Some(zone) => {
            if let Some(Odd { message, help }) = odd(zone.name()) {
                problems.warning(&value.span(), "odd-zone", message, help);
            }
        }
        None => {
            let message = format!("there is no time zone `{name}`");
            problems.error(&value.span(), "unknown-zone", message, meant(&name));
        }
    }
    zone
}

/// The doubt about a valid zone, and the zone that is meant.
struct Odd {
    message: String,
    help: String,
}

fn odd(name: &str) -> Option<Odd> {
    let told = |message: String, help: String| Some(Odd { message, help });
    if name.eq_ignore_ascii_case("Factory") {
        let message = "`Factory` is what computers are delivered with: no time zone of any place";
        return told(message.to_owned(), HELP.to_owned());
    }
    if let Some((_, meant, besides)) = FIXED.iter().find(|(odd, ..)| name.eq_ignore_ascii_case(odd))
    {
        let message = format!("`{name}` has the same offset all year, and no summer time");
        return told(message, format!("did you mean `{meant}`? {besides}"));
    }
    if let Some((_, meant)) = RULES.iter().find(|(odd, _)| name.eq_ignore_ascii_case(odd)) {
        let message = format!("`{name}` is an abbreviation for old programs, and names no place");
        return told(message, format!("did you mean `{meant}`? {HELP}"));
    }
    let east = -offset(name.get("Etc/GMT".len()..).filter(|_| is_fixed_offset(name))?)?;
    if east == 0 {
        let message = format!("`{name}` has the same offset all year, and no summer time");
        return told(message, format!("did you mean `Europe/London`? {OF_UTC}"));
    }
    let message =
        format!("`{name}` is {}: its sign is reversed, and it has no summer time", utc(east));
    told(message, format!("{}{HELP}", either_side(east)))
}

/// Asks for the place that is so far ahead of UTC, or as far behind it: people write either sign.
fn either_side(east: i32) -> String {
    let place = |minutes| Some(format!("`{}`, {} in winter", place_at(minutes)?, utc(minutes)));
    let places: Vec<String> = [east, -east].into_iter().filter_map(place).collect();
    match places.is_empty() {
        true => String::new(),
        false => format!("did you mean {}? ", places.join(", or ")),
    }
}

/// The zone that a name was probably meant to be.
fn meant(name: &str) -> String {
    const NO_SUMMER_TIME: &str = "An offset says nothing of summer time.";
    let name = name.trim();
    if let Some((_, meant)) = SPOKEN.iter().find(|(spoken, _)| name.eq_ignore_ascii_case(spoken)) {
        return did_mean(meant);
    }
    // People put it before whatever is no place.
    if let Some(rest) = without(name, "Etc/") {
        match Zone::named(rest).as_ref().map(Zone::name) {
            Some(zone) => return odd(zone).map_or_else(|| did_mean(zone), |odd| odd.help),
            None if is_spoken(rest) => return meant(rest),
            None => {}
        }
    }
    if let Some(east) = without(name, "Etc/").and_then(offset_of_utc) {
        return format!("{}{NO_SUMMER_TIME} {HELP}", either_side(east));
    }
    if let Some(east) = offset_of_utc(name) {
        let near = place_at(east).map_or_else(String::new, |place| {
            format!("did you mean `{place}`, which is {} in winter? ", utc(east))
        });
        return format!("{near}{NO_SUMMER_TIME} {HELP}");
    }
    // A zone of an offset is told by its offset, and never by letters that are alike.
    if has_sign(name) {
        return format!("{NO_SUMMER_TIME} {HELP}");
    }
    let names: Vec<String> = Zone::names().filter(|zone| !has_sign(zone)).collect();
    let city = name.replace(' ', "_");
    let is_city = |zone: &&String| {
        zone.rsplit_once('/').is_some_and(|(_, place)| place.eq_ignore_ascii_case(&city))
    };
    // Several places may have this name: the one with the shortest path to it.
    let city = names.iter().filter(is_city).min_by_key(|zone| zone.len()).map(String::as_str);
    match city.or_else(|| nearest(name, names.iter().map(String::as_str))) {
        Some(zone) => match odd(zone) {
            Some(Odd { help, .. }) => help,
            None => did_mean(zone),
        },
        None => HELP.to_owned(),
    }
}

fn did_mean(zone: &str) -> String {
    format!("did you mean `{zone}`? {HELP}")
}

fn is_spoken(name: &str) -> bool {
    SPOKEN.iter().any(|(spoken, _)| name.eq_ignore_ascii_case(spoken))
}

/// The offset from UTC that a text such as `UTC+5` or `+0100` says, in minutes.
fn offset_of_utc(text: &str) -> Option<i32> {
    ["UTC", "GMT", "Z", ""].iter().find_map(|start| offset(without(text, start)?))
}

/// The text behind such a start, in whatever case that is written.
fn without<'t>(text: &'t str, start: &str) -> Option<&'t str> {
    let (found, rest) = text.split_at_checked(start.len())?;
    found.eq_ignore_ascii_case(start).then_some(rest)
}

/// Tells whether a name ends in a sign and a number, as `Etc/GMT+5` does.
fn has_sign(name: &str) -> bool {
    let number = name.rsplit_once(['+', '-']).map_or("", |(_, number)| number);
    !number.is_empty() && number.chars().all(|c| c.is_ascii_digit() || c == ':')
}

const HELP: &str = "Zones have IANA names such as Europe/London";
const OF_UTC: &str = "Where days begin by UTC, write `UTC`";

/// True for one of the fixed offsets of the database.
fn is_fixed_offset(name: &str) -> bool {
    name.get(.."Etc/GMT".len()).is_some_and(|start| start.eq_ignore_ascii_case("Etc/GMT"))
}

/// An offset such as `+5`, `-03:30` or `+0530` in minutes; of nothing it is none.
fn offset(text: &str) -> Option<i32> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-" | "\u{2212}", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match (digits.split_once(':'), digits.len()) {
        (Some(parts), _) => parts,
        (None, 4) => digits.split_at_checked(2)?,
        (None, _) => (digits, "0"),
    };
    let number = |text: &str| {
        let plain = !text.is_empty() && text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| text.parse::<i32>().ok()).flatten()
    };
    let minutes = number(hours)? * 60 + number(minutes).filter(|minutes| *minutes < 60)?;
    (minutes <= 14 * 60).then_some(sign * minutes)
}

/// `UTC-05:00`
fn utc(minutes: i32) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("UTC{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

/// A place, with many people, that is so many minutes ahead of UTC in winter.
fn place_at(minutes: i32) -> Option<&'static str> {
    PLACES.iter().find(|(offset, _)| *offset == minutes).map(|(_, place)| *place)
}

/// Offsets under a name that people take for that of a place, and what else may be meant.
const FIXED: &[(&str, &str, &str)] = &[
    ("EST", "America/New_York", "Write the zone of Panama or Jamaica where it is meant"),
    ("MST", "America/Denver", "Of Arizona write `America/Phoenix`"),
    ("HST", "Pacific/Honolulu", HELP),
    ("GMT", "Europe/London", OF_UTC),
    ("GMT0", "Europe/London", OF_UTC),
    ("GMT+0", "Europe/London", OF_UTC),
    ("GMT-0", "Europe/London", OF_UTC),
    ("Greenwich", "Europe/London", OF_UTC),
    ("Etc/Greenwich", "Europe/London", OF_UTC),
    ("Etc/GMT", "Europe/London", OF_UTC),
    ("Etc/GMT0", "Europe/London", OF_UTC),
];

/// Abbreviations with the rules of a place, which nobody promises to keep.
const RULES: &[(&str, &str)] = &[
    ("EST5EDT", "America/New_York"),
    ("CST6CDT", "America/Chicago"),
    ("MST7MDT", "America/Denver"),
    ("PST8PDT", "America/Los_Angeles"),
    ("WET", "Europe/Lisbon"),
    ("CET", "Europe/Berlin"),
    ("MET", "Europe/Berlin"),
    ("EET", "Europe/Athens"),
];

/// Names of everyday speech and of Windows that are no zones.
const SPOKEN: &[(&str, &str)] = &[
    ("ACDT", "Australia/Adelaide"),
    ("ACST", "Australia/Adelaide"),
    ("ADT", "America/Halifax"),
    ("AEDT", "Australia/Sydney"),
    ("AEST", "Australia/Sydney"),
    ("AKDT", "America/Anchorage"),
    ("AKST", "America/Anchorage"),
    ("ART", "America/Argentina/Buenos_Aires"),
    ("AST", "America/Halifax"),
    ("AWST", "Australia/Perth"),
    ("BRT", "America/Sao_Paulo"),
    ("BST", "Europe/London"),
    ("CDT", "America/Chicago"),
    ("CEST", "Europe/Berlin"),
    ("CLT", "America/Santiago"),
    ("CST", "America/Chicago"),
    ("EDT", "America/New_York"),
    ("EEST", "Europe/Athens"),
    ("ET", "America/New_York"),
    ("CT", "America/Chicago"),
    ("MT", "America/Denver"),
    ("PT", "America/Los_Angeles"),
    ("GST", "Asia/Dubai"),
    ("HDT", "Pacific/Honolulu"),
    ("HKT", "Asia/Hong_Kong"),
    ("IST", "Asia/Kolkata"),
    ("JST", "Asia/Tokyo"),
    ("KST", "Asia/Seoul"),
    ("MDT", "America/Denver"),
    ("MESZ", "Europe/Berlin"),
    ("MEZ", "Europe/Berlin"),
    ("MSK", "Europe/Moscow"),
    ("NDT", "America/St_Johns"),
    ("NST", "America/St_Johns"),
    ("NZDT", "Pacific/Auckland"),
    ("NZST", "Pacific/Auckland"),
    ("PDT", "America/Los_Angeles"),
    ("PHT", "Asia/Manila"),
    ("PKT", "Asia/Karachi"),
    ("PST", "America/Los_Angeles"),
    ("SAST", "Africa/Johannesburg"),
    ("SGT", "Asia/Singapore"),
    ("UK", "Europe/London"),
    ("WEST", "Europe/Lisbon"),
    ("WIB", "Asia/Jakarta"),
    ("AUS Eastern Standard Time", "Australia/Sydney"),
    ("Central European Standard Time", "Europe/Warsaw"),
    ("Central Standard Time", "America/Chicago"),
    ("Eastern Standard Time", "America/New_York"),
    ("GMT Standard Time", "Europe/London"),
    ("India Standard Time", "Asia/Kolkata"),
    ("Mountain Standard Time", "America/Denver"),
    ("Pacific Standard Time", "America/Los_Angeles"),
    ("Romance Standard Time", "Europe/Paris"),
    ("Singapore Standard Time", "Asia/Singapore"),
    ("Tokyo Standard Time", "Asia/Tokyo"),
    ("W. Europe Standard Time", "Europe/Berlin"),
];

/// Places by how many minutes they are ahead of UTC in winter.
const PLACES: &[(i32, &str)] = &[
    (-660, "Pacific/Pago_Pago"),
    (-600, "Pacific/Honolulu"),
    (-540, "America/Anchorage"),
    (-480, "America/Los_Angeles"),
    (-420, "America/Denver"),
    (-360, "America/Chicago"),
    (-300, "America/New_York"),
    (-240, "America/Halifax"),
    (-210, "America/St_Johns"),
    (-180, "America/Sao_Paulo"),
    (-120, "America/Noronha"),
    (-60, "Atlantic/Azores"),
    (0, "Europe/London"),
    (60, "Europe/Berlin"),
    (120, "Europe/Athens"),
    (180, "Europe/Istanbul"),
    (210, "Asia/Tehran"),
    (240, "Asia/Dubai"),
    (270, "Asia/Kabul"),
    (300, "Asia/Karachi"),
    (330, "Asia/Kolkata"),
    (345, "Asia/Kathmandu"),
    (360, "Asia/Dhaka"),
    (390, "Asia/Yangon"),
    (420, "Asia/Bangkok"),
    (480, "Asia/Singapore"),
    (540, "Asia/Tokyo"),
    (570, "Australia/Adelaide"),
    (600, "Australia/Sydney"),
    (660, "Pacific/Noumea"),
    (720, "Pacific/Auckland"),
    (780, "Pacific/Tongatapu"),
    (840, "Pacific/Kiritimati"),
];

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn zones_that_are_valid_and_wrong_are_told_with_the_one_that_is_meant() {
        for (name, told, meant) in [
            ("EST", "no summer time", "`America/New_York`"),
            ("mst", "no summer time", "`America/Denver`"),
            ("HST", "no summer time", "`Pacific/Honolulu`"),
            ("GMT", "no summer time", "`Europe/London`"),
            ("GMT+0", "no summer time", "`Europe/London`"),
            ("Etc/GMT-0", "no summer time", "`Europe/London`"),
            ("EST5EDT", "an abbreviation", "`America/New_York`"),
            ("CET", "an abbreviation", "`Europe/Berlin`"),
            ("Etc/GMT+5", "is UTC-05:00: its sign is reversed", "`America/New_York`"),
            ("Etc/GMT+5", "no summer time", "or `Asia/Karachi`, UTC+05:00 in winter"),
            ("Etc/GMT-1", "is UTC+01:00", "`Europe/Berlin`"),
            ("Etc/GMT+12", "is UTC-12:00", "`Pacific/Auckland`, UTC+12:00 in winter"),
            ("Etc/GMT-14", "is UTC+14:00", "`Pacific/Kiritimati`"),
            ("Factory", "no time zone of any place", "IANA names"),
        ] {
            let Odd { message, help } = odd(Zone::named(name).unwrap().name()).unwrap();
            assert!(message.contains(told) && help.contains(meant), "{name}: {message}; {help}");
        }
        for name in ["UTC", "Etc/UTC", "Zulu", "Europe/London", "US/Eastern", "Japan", "GB"] {
            assert!(odd(Zone::named(name).unwrap().name()).is_none(), "{name}");
        }
    }

    #[test]
    fn names_that_are_no_zones_are_told_with_the_one_that_is_meant() {
        for (name, expected) in [
            ("BST", "`Europe/London`"),
            ("cest", "`Europe/Berlin`"),
            ("GMT+1", "`Europe/Berlin`, which is UTC+01:00 in winter"),
            ("UTC-5", "`America/New_York`"),
            ("UTC+05:30", "`Asia/Kolkata`"),
            ("+0100", "`Europe/Berlin`"),
            ("-03:30", "`America/St_Johns`"),
            ("London", "`Europe/London`"),
            ("new york", "`America/New_York`"),
            ("GMT Standard Time", "`Europe/London`"),
            ("Europe/Lodnon", "`Europe/London`"),
        ] {
            assert!(Zone::named(name).is_none());
            assert!(meant(name).contains(expected), "{name}: {}", meant(name));
        }
        for name in ["", "+", "UTC+", "GMT+99", "nowhere at all", "\u{fc}", "+1:75"] {
            assert!(meant(name).contains("IANA names"), "{name}");
        }
    }

    /// Misspelt names, too, lead to a zone that raises no doubt.
    #[test]
    fn what_is_proposed_raises_no_doubt() {
        for (name, expected) in [
            ("Etc/UTC+5", "`Asia/Karachi`, UTC+05:00 in winter, or `America/New_York`"),
            ("etc/utc-1", "`Atlantic/Azores`, UTC-01:00 in winter, or `Europe/Berlin`"),
            ("EST6EDT", "`America/New_York`"),
            ("HSTT", "`Pacific/Honolulu`"),
            ("WET-DST", "`Europe/Lisbon`"),
            ("Etc/Greenwhich", "`Europe/London`"),
            ("Etc/EST", "`America/New_York`"),
            ("etc/pst", "`America/Los_Angeles`"),
            ("Etc/Europe/Paris", "`Europe/Paris`"),
            (" Greenwich", "`Europe/London`"),
        ] {
            assert!(Zone::named(name).is_none());
            assert!(meant(name).contains(expected), "{name}: {}", meant(name));
        }
        assert!(!meant("Etc/GMT+15").contains("did you mean"));
        let fixed = FIXED.iter().map(|(odd, ..)| (*odd).to_owned());
        let rules = RULES.iter().map(|(odd, _)| (*odd).to_owned());
        let offsets = Zone::names().filter(|zone| has_sign(zone));
        for name in fixed.chain(rules).chain(offsets).chain(["Factory".to_owned()]) {
            let (start, end) = name.split_at(name.len() / 2);
            for wrong in [
                format!("{name}x"),
                format!("{name}-DST"),
                format!("Etc/{name}"),
                format!("{start}o{end}"),
                format!("{name}{end}"),
                format!(" {name}"),
            ] {
                let told = meant(&wrong);
                let proposed = told.split('`').skip(1).step_by(2);
                for zone in proposed.filter(|zone| *zone != "UTC") {
                    assert!(Zone::named(zone).is_some(), "{wrong}: {told}");
                    assert!(odd(zone).is_none(), "{wrong}: {told}");
                }
            }
        }
    }

    #[test]
    fn what_is_proposed_exists() {
        let proposed = FIXED.iter().map(|(_, meant, _)| meant);
        let proposed = proposed.chain(RULES.iter().chain(SPOKEN).map(|(_, meant)| meant));
        for name in proposed {
            assert!(Zone::named(name).is_some() && odd(name).is_none(), "{name}");
        }
        for (spoken, _) in SPOKEN {
            assert!(Zone::named(spoken).is_none(), "{spoken} is a zone");
        }
        for (odd, ..) in FIXED {
            assert!(Zone::named(odd).is_some(), "{odd} is no zone");
        }
        let at = |time: &str| time.parse::<jiff::Timestamp>().unwrap();
        for (minutes, place) in PLACES {
            let zone = TimeZone::get(place).unwrap();
            let times = [at("2026-01-01T00:00:00Z"), at("2026-07-01T00:00:00Z")];
            let offsets = times.map(|time| zone.to_offset(time).seconds() / 60);
            assert_eq!(offsets.iter().min(), Some(minutes), "{place}");
        }
    }
}
