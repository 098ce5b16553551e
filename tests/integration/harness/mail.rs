//! What holds for every mail that any of the tests sends.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use connect_reports::definition::Target;
use connect_reports::language::Locale;
use connect_reports::metric::Unit;
use connect_reports::table::format::Numbers;
use connect_reports::table::rounding::Rounded;
use mail_parser::{HeaderValue, Message, MessageParser, MimeHeaders as _, PartType};
use scraper::{ElementRef, Html, Selector};
use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

/// Where Gmail cuts a mail off, with something to spare.
const MOST_BYTES: usize = 100_000;

/// Checks a mail as it was sent.
pub fn check(raw: &[u8]) {
    check_all([raw]);
}

/// Checks mails as they were sent; what many recipients got alike is looked at once.
pub fn check_all<'m>(mails: impl IntoIterator<Item = &'m [u8]>) {
    let mut seen = BTreeSet::new();
    let (mut ids, mut pictures) = (BTreeSet::new(), BTreeMap::new());
    for raw in mails {
        let mail = parse(raw);
        check_parts(&mail, raw);
        assert!(ids.insert(mail.message_id().unwrap().to_owned()), "a Message-ID comes twice");
        for part in mail.parts.iter().filter(|part| part.content_id().is_some()) {
            let (id, picture) = (part.content_id().unwrap(), part.contents());
            let known = pictures.entry(id.to_owned()).or_insert_with(|| picture.to_vec());
            assert_eq!(known, picture, "{id} is the Content-ID of two pictures");
        }
        let parts: Vec<Vec<u8>> = mail.parts.iter().map(|part| part.contents().to_vec()).collect();
        if seen.insert(parts) {
            check_content(&mail);
        }
    }
}

fn check_parts(mail: &Message<'_>, raw: &[u8]) {
    assert!(raw.is_ascii(), "nothing but ASCII goes over the wire");
    assert!(raw.split(|byte| *byte == b'\n').all(|line| line.len() < 999));
    for (name, expected) in
        [("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "All")]
    {
        assert_eq!(header(mail, name).as_deref(), Some(expected));
    }
    let (phrase, id) = list_id(mail);
    assert!(!phrase.is_empty() && id.ends_with(&format!(".{}", sender(mail))), "{phrase} <{id}>");
    check_tree(mail);
    check_names(mail);
}

fn check_content(mail: &Message<'_>) {
    let (html, text) = (html(mail), mail.body_text(0).unwrap().replace("\r\n", "\n"));
    check_markup(&html);
    check_pictures(mail, &html);
    // A command is copied, and so stands on one line however long it is.
    let is_command = |line: &&str| line.starts_with("    ");
    let lines = text.lines().filter(|line| line.trim().contains(' ') && !is_command(line));
    for line in lines {
        assert!(line.width() <= 78, "{} columns: {line}", line.width());
        let first = line.split_whitespace().next().unwrap_or_default();
        let units = ["%", "pp", "PP", "pts", "s", "ms", "AM", "PM", ":", ";", "»"];
        let unit = first.trim_end_matches(['.', ',', ')', ';']);
        assert!(!units.contains(&unit), "a unit without its number: {line}");
    }
    if let Some(json) = attached_json(mail) {
        check_figures(&html, &text, &json);
    }
}

/// Keeps a mail's HTML with its pictures, where `.ci/run` wants it to be looked at by other lints.
pub fn keep(name: &str, raw: &[u8]) {
    let Some(folder) = std::env::var_os("CONNECT_REPORTS_TEST_MAILS").map(PathBuf::from) else {
        return;
    };
    let mail = parse(raw);
    let mut page = html(&mail);
    for part in mail.parts.iter().filter(|part| part.content_id().is_some()) {
        let file = format!("{name}-{}", part.attachment_name().unwrap());
        page = page.replace(&format!("cid:{}", part.content_id().unwrap()), &file);
        std::fs::write(folder.join(file), part.contents()).unwrap();
    }
    std::fs::write(folder.join(format!("{name}.html")), page).unwrap();
}

pub fn parse(raw: &[u8]) -> Message<'_> {
    MessageParser::default().parse(raw).unwrap()
}

pub fn html(mail: &Message<'_>) -> String {
    mail.body_html(0).unwrap().into_owned()
}

/// A header's text.
pub fn header(mail: &Message<'_>, name: &str) -> Option<String> {
    match mail.header(name)? {
        HeaderValue::Text(text) => Some(text.to_string()),
        HeaderValue::TextList(texts) => Some(texts.join(" ")),
        other => panic!("{name} is {other:?}"),
    }
}

/// What people call the list of a mail, and its id.
pub fn list_id(mail: &Message<'_>) -> (String, String) {
    let list = mail.header("List-Id").and_then(|value| value.as_address()).unwrap();
    let list = list.first().unwrap();
    (list.name().unwrap_or_default().to_owned(), list.address().unwrap().to_owned())
}

/// The domain of its sender.
fn sender(mail: &Message<'_>) -> String {
    let from = mail.from().unwrap().first().unwrap().address().unwrap();
    from.rsplit_once('@').unwrap().1.to_owned()
}

/// The types of a part and of those in it.
pub fn tree(mail: &Message<'_>, part: u32) -> String {
    let part = mail.part(part).unwrap();
    let kind = part.content_type().unwrap();
    let name = format!("{}/{}", kind.ctype(), kind.subtype().unwrap());
    match &part.body {
        PartType::Multipart(parts) => {
            let parts: Vec<_> = parts.iter().map(|part| tree(mail, *part)).collect();
            format!("{name}({})", parts.join(", "))
        }
        _ => name,
    }
}

/// Text and HTML are alternatives, the HTML with its pictures; files stand beside them.
fn check_tree(mail: &Message<'_>) {
    let pictures = mail.parts.iter().filter(|part| part.content_id().is_some()).count();
    let html = match pictures {
        0 => "text/html".to_owned(),
        count => format!("multipart/related(text/html{})", ", image/png".repeat(count)),
    };
    let bodies = format!("multipart/alternative(text/plain, {html})");
    let tree = tree(mail, 0);
    let with_files = tree.strip_prefix(&format!("multipart/mixed({bodies}, "));
    assert!(tree == bodies || with_files.is_some_and(|rest| !rest.contains('(')), "{tree}");
    for part in &mail.parts {
        let kind = part.content_type().unwrap();
        if kind.ctype() == "text" {
            assert_eq!(kind.attribute("charset"), Some("utf-8"));
        }
        if kind.subtype() == Some("related") {
            assert_eq!(kind.attribute("type"), Some("text/html"));
        }
        if let Some(id) = part.content_id() {
            assert!(id.ends_with(&format!("@{}", sender(mail))), "{id}");
        }
    }
}

/// Names of files are ASCII, and each stands there once.
fn check_names(mail: &Message<'_>) {
    let mut names = BTreeSet::new();
    for name in mail.parts.iter().filter_map(|part| part.attachment_name()) {
        let is_safe = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        assert!(name.chars().all(is_safe) && names.insert(name.to_owned()), "{name}");
    }
}

/// What some client would not show, or should never see.
fn check_markup(html: &str) {
    assert!(html.len() < MOST_BYTES, "{} bytes", html.len());
    let page = Html::parse_document(html);
    for element in ["svg", "script", "link", "iframe", "form", "object", "video", "input"] {
        assert!(page.select(&css(element)).next().is_none(), "<{element}>");
    }
    for element in page.select(&css("*")).map(|element| element.value()) {
        for (name, value) in element.attrs() {
            let value = value.to_lowercase();
            assert!(!name.starts_with("on"), "{name}={value}");
            for refused in ["data:", "http:", "javascript:"] {
                let is_text = matches!(name, "alt" | "title");
                assert!(is_text || !value.contains(refused), "{name}={value}");
            }
        }
    }
    let (styled, sheet, table) = (css("[style]"), css("style"), css("table"));
    let styles = page.select(&styled).filter_map(|element| element.attr("style"));
    let sheets = page.select(&sheet).map(|style| style.text().collect::<String>());
    for style in styles.map(ToOwned::to_owned).chain(sheets) {
        let refused =
            ["flex", "grid", "gradient", "var(", "rgba(", "position:", "url(", "calc(", "@import"];
        for word in refused {
            assert!(!style.contains(word), "{word} in {style}");
        }
    }
    let layout =
        page.select(&table).filter(|table| table.select(&css(":scope > caption")).next().is_none());
    assert!(layout.into_iter().all(|table| table.attr("role") == Some("presentation")));
    assert!(page.select(&css("thead th")).all(|cell| cell.attr("scope") == Some("col")));
    assert!(
        page.select(&css("table:has(> caption) > tbody > tr > th"))
            .all(|cell| cell.attr("scope") == Some("row"))
    );
    assert!(page.select(&css("html[lang]")).next().is_some());
    // One queue has a name that looks like a template.
    let texts: String =
        page.root_element().text().collect::<String>().replace("{{ queue.name }}", "");
    for leftover in ["{{ ", "{% ", "None", "NaN", "undefined", "null"] {
        assert!(
            !texts.contains(leftover) || leftover == "{{ " && texts.contains("{{ window"),
            "{leftover}"
        );
    }
}

/// Every picture that is shown is there, and the other way round; each says what it shows.
fn check_pictures(mail: &Message<'_>, html: &str) {
    let page = Html::parse_document(html);
    let shown: BTreeSet<String> = page
        .select(&css("img"))
        .map(|picture| {
            assert!(picture.attr("width").is_some() && !picture.attr("alt").unwrap().is_empty());
            picture.attr("src").unwrap().strip_prefix("cid:").unwrap().to_owned()
        })
        .collect();
    let there: BTreeSet<String> =
        mail.parts.iter().filter_map(|part| part.content_id()).map(ToOwned::to_owned).collect();
    assert_eq!(shown, there);
    for part in mail.parts.iter().filter(|part| part.content_id().is_some()) {
        let png = part.contents();
        assert!(png.starts_with(b"\x89PNG"), "{:?}", part.attachment_name());
        // The IHDR chunk: width, height, depth and colour type; without transparency.
        let width = u32::from_be_bytes(png[16..20].try_into().unwrap());
        assert_eq!(width, 2 * 656, "at twice the size that it is shown at");
    }
}

fn attached_json(mail: &Message<'_>) -> Option<Value> {
    let is_json = |name: &str| name.ends_with(".json");
    let part = mail.attachments().find(|part| part.attachment_name().is_some_and(is_json))?;
    Some(serde_json::from_slice(part.contents()).unwrap())
}

/// Both bodies say what `report.json` says: each figure at its place in the HTML, and in its section
/// of the text.
fn check_figures(html: &str, text: &str, json: &Value) {
    let page = Html::parse_document(html);
    let language = page.root_element().attr("lang").unwrap().to_owned();
    let numbers = Numbers::new(&Locale::parse(&language).unwrap());
    let (captioned, tile) = (css("table:has(> caption)"), css("td.tile"));
    let mut tables = page.select(&captioned);
    let mut tiles = page.select(&tile);
    let sections = json["sections"].as_array().unwrap();
    for (index, section) in sections.iter().enumerate() {
        let columns = section["columns"].as_array().unwrap();
        // The figures of a row that is about these, or the totals, which are about nothing.
        let told = |values: &Value, absent: &Value, about: &[&str]| -> Vec<String> {
            let values = values.as_array().unwrap().iter().enumerate();
            let told = values.map(|(index, value)| {
                let column = &columns[index];
                figure(&numbers, value, &absent[index], &column["unit"], &bounds(column, about))
            });
            told.collect()
        };
        let mut told_in_text = tokens(block(text, sections, index)).into_iter();
        // Each figure is a word of its own, after those that come before it.
        let mut is_told = |figure: &String| {
            let found = figure.is_empty() || told_in_text.any(|token| token == *figure);
            assert!(found, "{figure} of {section} in\n{text}");
        };
        match section["kind"].as_str().unwrap() {
            "totals" => {
                for (column, figure) in
                    told(&section["totals"], &Value::Null, &[]).iter().enumerate()
                {
                    let spans: Vec<_> =
                        tiles.next().unwrap().select(&css("span")).take(2).map(own_text).collect();
                    assert_eq!(spans[0], columns[column]["label"].as_str().unwrap());
                    assert!(spans[1] == *figure || figure.is_empty(), "{spans:?} {figure}");
                    is_told(figure);
                }
            }
            "trend" => {
                assert!(section["totals"].is_null());
                for row in section["rows"].as_array().unwrap() {
                    let figures = told(&row["values"], &row["absent"], &[]);
                    figures.iter().for_each(&mut is_told);
                }
            }
            _ => {
                let table = tables.next().unwrap();
                let caption = table.select(&css("caption")).next().unwrap();
                assert_eq!(own_text(caption), one_line(section["title"].as_str().unwrap()));
                let rows = section["rows"].as_array().unwrap();
                let omitted = section["omitted_rows"].as_u64().unwrap() as usize;
                let found: Vec<_> = table.select(&css(":scope > tbody > tr")).collect();
                assert_eq!(found.len() + omitted, rows.len());
                for (row, found) in rows.iter().zip(found) {
                    let cells: Vec<_> = found.select(&css(":scope > td")).map(own_text).collect();
                    let members = row["dimensions"].as_object().unwrap().values();
                    let names = members.flat_map(|member| [&member["name"], &member["id"]]);
                    let about: Vec<&str> = names.filter_map(Value::as_str).collect();
                    let expected = told(&row["values"], &row["absent"], &about);
                    assert_eq!(cells, expected, "{row}");
                    expected.iter().for_each(&mut is_told);
                }
                let cell = css(":scope > tfoot > tr > td");
                let totals = table.select(&cell).map(own_text);
                let expected = told(&section["totals"], &Value::Null, &[]);
                for (found, expected) in totals.zip(&expected) {
                    assert!(found == *expected || expected.is_empty(), "{found} {expected}");
                    is_told(expected);
                }
            }
        }
    }
    assert!(tables.next().is_none() && tiles.next().is_none());
}

/// What stands apart from each other in a text, without the signs of targets and without changes.
fn tokens(text: &str) -> Vec<String> {
    let parts = text.lines().flat_map(|line| line.split("  "));
    let alone = |part: &str| {
        let part = part.split_once(" (").map_or(part, |(figure, _)| figure);
        part.trim_end_matches([' ', '✓', '≈', '✗']).trim().to_owned()
    };
    parts.map(alone).filter(|part| !part.is_empty()).collect()
}

/// The part of the text that a section is.
fn block<'t>(text: &'t str, sections: &[Value], index: usize) -> &'t str {
    let start = |section: &Value| {
        let title = one_line(section["title"].as_str().unwrap());
        let at = |suffix: &str| text.find(&format!("\n{title}{suffix}"));
        at("\n").or_else(|| at(" (")).unwrap_or_else(|| panic!("no section {title} in {text}"))
    };
    let from = start(&sections[index]);
    let rest = &text[from..];
    rest.split_once("\n\n\n").map_or(rest, |(block, _)| block)
}

/// What a column's figure of a row about these is judged by: its target, and what is near that.
fn bounds(column: &Value, about: &[&str]) -> Vec<Target> {
    let own = about.iter().find_map(|name| column["targets"][name].as_str());
    let target = own.or(column["target"].as_str());
    let near = column["warn"].as_str().filter(|_| target.is_some());
    target.into_iter().chain(near).map(|bound| bound.parse().unwrap()).collect()
}

/// The figure as people read it; nothing where the JSON does not say why a total is absent.
fn figure(
    numbers: &Numbers,
    value: &Value,
    absent: &Value,
    unit: &Value,
    bounds: &[Target],
) -> String {
    let unit = match unit.as_str().unwrap() {
        "count" => Unit::Count,
        "seconds" => Unit::Seconds,
        "milliseconds" => Unit::Milliseconds,
        _ => Unit::Percent,
    };
    let text = match (value.as_f64(), absent.as_str()) {
        (Some(value), _) => {
            numbers.rounded(Rounded::beside_bounds(value, unit, bounds.iter().copied()), unit)
        }
        (None, Some("not-available")) => "not available".to_owned(),
        (None, Some(_)) => "–".to_owned(),
        (None, None) => String::new(),
    };
    text.replace(['\u{a0}', '\u{202f}'], " ")
}

/// The text of an element without that of the elements in it.
fn own_text(element: ElementRef<'_>) -> String {
    let texts =
        element.children().filter_map(|node| node.value().as_text().map(|text| text.to_string()));
    texts.collect::<String>().trim().replace(['\u{a0}', '\u{202f}'], " ")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn css(selector: &str) -> Selector {
    Selector::parse(selector).unwrap()
}
