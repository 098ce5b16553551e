//! The attached files: their names, and what becomes of those that are too large.
//!
//! They are attached as they are, or where they are too large together as one ZIP archive. Where that
//! is too large as well none is attached: they are kept in the store, and the message says where.

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::contents::{Contents, FileListing, Layout};
use super::message::File;
use super::wording::Localizer;
use super::{csv, json, xlsx};
use crate::definition::Attachment;
use crate::error::{Code, Error, Stage};

/// The files of a message.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) attached: Vec<File>,
    /// The files that are too large for mail, and are kept in the store.
    pub(super) kept: Vec<File>,
    /// The text of the message about them.
    pub(super) listing: FileListing,
}

/// The listing of files that are not too large.
pub(super) fn expected_listing(contents: &Contents<'_>) -> FileListing {
    let names = contents.report.email.attach.iter().flat_map(|kind| match kind {
        Attachment::Json => vec![file_name(contents, "json")],
        Attachment::Xlsx => vec![file_name(contents, "xlsx")],
        Attachment::Csv => csv_names(contents).collect(),
    });
    FileListing { names: names.collect(), note: None }
}

/// The files that the definition asks for.
///
/// # Errors
/// `INTERNAL_ERROR` where one can't be written, which no report is known to cause.
pub(super) fn pack(contents: &Contents<'_>, layout: &Layout) -> Result<Files, Error> {
    let mut files = Vec::new();
    for kind in &contents.report.email.attach {
        match kind {
            Attachment::Json => files.push(attachment_file(
                file_name(contents, "json"),
                "application/json",
                json::render(contents, layout)?.into_bytes(),
            )),
            Attachment::Xlsx => files.push(attachment_file(
                file_name(contents, "xlsx"),
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                xlsx::render(contents).map_err(|error| unwritable_error("an XLSX file", &error))?,
            )),
            Attachment::Csv => {
                for (name, table) in csv_names(contents).zip(contents.tables) {
                    files.push(attachment_file(
                        name,
                        "text/csv; charset=utf-8",
                        csv::render(contents, table),
                    ));
                }
            }
        }
    }
    within_limit(contents, layout, files)
}

/// The files as they are, as an archive, or outside of the mail, whichever is within the limit.
fn within_limit(
    contents: &Contents<'_>,
    layout: &Layout,
    files: Vec<File>,
) -> Result<Files, Error> {
    let limit = contents.report.email.attach_max;
    if mailed_bytes(&files) <= limit {
        return Ok(Files { attached: files, kept: Vec::new(), listing: layout.files.clone() });
    }
    let large = files.iter().map(|file| file.content.len()).sum::<usize>();
    let archive =
        zip_files(contents, &files).map_err(|error| unwritable_error("a ZIP file", &error))?;
    if mailed_bytes(std::slice::from_ref(&archive)) <= limit {
        let listing = FileListing { names: vec![archive.name.clone()], note: None };
        return Ok(Files { attached: vec![archive], kept: Vec::new(), listing });
    }
    let localizer = Localizer::new(contents.report);
    let size = localizer.numbers.megabytes(large);
    let note = match contents.store {
        Some(store) => {
            let place = format!("{store}{}", archive.name);
            let english = "The attachments are too large for mail ({size}) and lie here: {place}";
            localizer.language.say_with(english, &[("size", &size), ("place", &place)])
        }
        None => {
            let english = "The attachments are too large for mail ({size}) and were left out.";
            localizer.language.say_with(english, &[("size", &size)])
        }
    };
    let kept = contents.store.map(|_| archive);
    let listing = FileListing { names: Vec::new(), note: Some(note) };
    Ok(Files { attached: Vec::new(), kept: kept.into_iter().collect(), listing })
}

fn zip_files(contents: &Contents<'_>, files: &[File]) -> Result<File, zip::result::ZipError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .large_file(true);
    for file in files {
        zip.start_file(file.name.as_str(), options)?;
        zip.write_all(&file.content)?;
    }
    Ok(attachment_file(file_name(contents, "zip"), "application/zip", zip.finish()?.into_inner()))
}

/// The bytes that files take in a mail: in base64, four for three and a line break after 76.
fn mailed_bytes(files: &[File]) -> u64 {
    let encoded = files.iter().map(|file| file.content.len().div_ceil(3).saturating_mul(4));
    let bytes = encoded
        .map(|encoded| encoded.saturating_add(encoded.div_ceil(76).saturating_mul(2)))
        .fold(0, usize::saturating_add);
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

fn attachment_file(name: String, media_type: &str, content: Vec<u8>) -> File {
    File { name, media_type: media_type.to_owned(), content }
}

fn file_stem(contents: &Contents<'_>) -> String {
    format!("{}-{}", contents.report.id, contents.window.first_date())
}

fn file_name(contents: &Contents<'_>, ending: &str) -> String {
    format!("{}.{ending}", file_stem(contents))
}

/// A name for the table of each section, with the section's place in the definition.
fn csv_names(contents: &Contents<'_>) -> impl Iterator<Item = String> {
    let stem = file_stem(contents);
    let names = contents.tables.iter().enumerate().map(move |(index, table)| {
        let place = contents.place(index);
        match title_slug(&table.title) {
            slug if slug.is_empty() => format!("{stem}-{place}.csv"),
            slug => format!("{stem}-{place}-{slug}.csv"),
        }
    });
    names.collect::<Vec<_>>().into_iter()
}

/// The most characters of a title in the name of a file.
const MOST_SLUG_CHARACTERS: usize = 60;

/// The ASCII letters and digits of a title, the rest as single hyphens between them.
fn title_slug(title: &str) -> String {
    let lower = title.to_ascii_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let slug: String =
        words.collect::<Vec<_>>().join("-").chars().take(MOST_SLUG_CHARACTERS).collect();
    slug.trim_end_matches('-').to_owned()
}

fn unwritable_error(what: &str, error: &dyn std::error::Error) -> Error {
    let message = format!("{what} can't be written: {error}");
    Error::new(Code::InternalError, Stage::Render, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ascii() {
        for (title, expected) in [
            ("By queue", "by-queue"),
            ("Général – Français", "g-n-ral-fran-ais"),
            ("日本", ""),
            ("../../etc/passwd", "etc-passwd"),
            ("=HYPERLINK(\"x\")\r\n", "hyperlink-x"),
        ] {
            assert_eq!(title_slug(title), expected);
        }
        assert_eq!(title_slug(&"ab ".repeat(100)).len(), 59);
    }

    #[test]
    fn what_files_take_in_a_mail_is_their_base64() {
        let of =
            |bytes| mailed_bytes(&[attachment_file("a".to_owned(), "text/csv", vec![0; bytes])]);
        assert_eq!(of(0), 0);
        assert_eq!(of(57), 78);
        assert_eq!(of(58), 84);
    }
}
