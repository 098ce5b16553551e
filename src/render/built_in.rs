//! The templates that come with the program.

/// HTML and SVG are escaped by the name's ending; the other templates must not be.
pub(super) const EMAIL_HTML: &str = "email.html";
pub(super) const EMAIL_TEXT: &str = "email.txt";
pub(super) const SUBJECT_TEXT: &str = "subject.txt";
pub(super) const TREND_SVG: &str = "trend.svg";
pub(super) const NOTICE_HTML: &str = "notice.html";
pub(super) const NOTICE_TEXT: &str = "notice.txt";

/// The templates of what owners are told, which does not depend on anybody's own.
pub(super) const NOTICE_TEMPLATES: [&str; 2] = [NOTICE_HTML, NOTICE_TEXT];

/// The templates that come with the program, by name.
pub(super) const BUILT_IN: [(&str, &str); 15] = [
    (EMAIL_HTML, include_str!("../../templates/email.html")),
    (EMAIL_TEXT, include_str!("../../templates/email.txt")),
    (SUBJECT_TEXT, include_str!("../../templates/subject.txt")),
    (TREND_SVG, include_str!("../../templates/trend.svg")),
    (NOTICE_HTML, include_str!("../../templates/notice.html")),
    (NOTICE_TEXT, include_str!("../../templates/notice.txt")),
    ("attention.html", include_str!("../../templates/attention.html")),
    ("change.html", include_str!("../../templates/change.html")),
    ("figure.html", include_str!("../../templates/figure.html")),
    ("foot.html", include_str!("../../templates/foot.html")),
    ("head.html", include_str!("../../templates/head.html")),
    ("notes.html", include_str!("../../templates/notes.html")),
    ("table.html", include_str!("../../templates/table.html")),
    ("totals.html", include_str!("../../templates/totals.html")),
    ("trend.html", include_str!("../../templates/trend.html")),
];
