//! The kinds of attachments.

/// A kind of attachment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attachment {
    /// One table a section.
    Csv,
    /// One sheet a section.
    Xlsx,
    /// Every row of every section as `report.json`.
    Json,
}

impl Attachment {
    /// Each of them, with the word that stands for it in a definition.
    pub(super) const ALL: [Self; 3] = [Self::Csv, Self::Xlsx, Self::Json];

    /// Their words, in the same order.
    pub(super) const WORDS: [&'static str; 3] = {
        let [csv, xlsx, json] = Self::ALL;
        [csv.word(), xlsx.word(), json.word()]
    };

    const fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Json => "json",
        }
    }
}
