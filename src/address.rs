//! Mail addresses that SES accepts, and the domains that mail may go to and links may lead to.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use email_address::{EmailAddress, Options};

use crate::error::{LONGEST_QUOTED, cut};

/// A mail address: ASCII local part, domain in lower case and punycode.
///
/// SES has no SMTPUTF8: "the local part must be 7-bit ASCII", and a domain with other letters must
/// be punycode (SES v2, Destination).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    text: String,
    domain: String,
}

/// An address with the name that people see, as in `Ana <ana@example.com>`.
#[derive(Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The name; never empty, free of control characters.
    pub name: Option<String>,
    /// The address.
    pub address: Address,
}

/// The domains that messages may go to, or links lead to; an empty list allows every domain, as `*` does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedDomains(Vec<Pattern>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Pattern {
    Any,
    Domain(String),
    Subdomains(String),
}

/// The most recipients that an order may name.
pub const MOST_OF_AN_ORDER: usize = 1_000;

/// The most characters of a local part (RFC 5321, 4.5.3.1.1).
const LONGEST_LOCAL_PART: usize = 64;

/// The most characters of a domain (RFC 1035, 2.3.4, without the dot of the root).
const LONGEST_DOMAIN: usize = 253;

/// The most characters of the name in a mailbox, which ends in a header: as many as of a subject. No service
/// says how many it takes.
const LONGEST_NAME: usize = 250;

/// The mailboxes without those that reach one that stands before them.
pub fn each_once(mailboxes: Vec<Mailbox>) -> Vec<Mailbox> {
    let mut known = HashSet::with_capacity(mailboxes.len());
    let is_new = |mailbox: &Mailbox| known.insert(mailbox.address.mailbox_key());
    mailboxes.into_iter().filter(is_new).collect()
}

/// Why a text is no address; the text itself is not repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// There is no `@` with something on both sides.
    #[error("is no mail address that SES takes: it needs the form name@example.com")]
    Form,
    /// The part before the `@` has other than ASCII characters.
    #[error("has a letter before the @ that is not ASCII, which SES does not accept")]
    LocalPart,
    /// The part after the `@` is no domain.
    #[error("does not end in a domain such as example.com")]
    Domain,
    /// A part has more characters than mail servers take.
    #[error("has {found} characters {part} the @, {allowed} are allowed")]
    TooLong {
        /// `before` or `behind`.
        part: &'static str,
        /// The number of its characters.
        found: usize,
        /// The most that it may have.
        allowed: usize,
    },
    /// The name before `<` has a line break or another control character.
    #[error("has a control character in its name")]
    Name,
    /// The name before `<` has more characters than anybody reads.
    #[error("has a name with {found} characters, {LONGEST_NAME} are allowed")]
    NameTooLong {
        /// The number of its characters.
        found: usize,
    },
}

impl Address {
    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a message to the other would end in the same mailbox: nobody tells local parts
    /// apart by their case, although they could.
    pub fn reaches_the_same(&self, other: &Self) -> bool {
        self.mailbox_key() == other.mailbox_key()
    }

    /// What is the same for all addresses of a mailbox: see [`Self::reaches_the_same`].
    pub fn mailbox_key(&self) -> String {
        self.text.to_ascii_lowercase()
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &str {
        &self.domain
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (local, domain) = text.trim().rsplit_once('@').ok_or(AddressError::Form)?;
        if !local.is_ascii() {
            return Err(AddressError::LocalPart);
        }
        // A quoted local part may hold blanks and brackets; nobody has one, and much trips over it.
        if local.contains('"') {
            return Err(AddressError::Form);
        }
        check_length("before", local, LONGEST_LOCAL_PART)?;
        let domain = idna::domain_to_ascii(domain).map_err(|_| AddressError::Domain)?;
        check_length("behind", &domain, LONGEST_DOMAIN)?;
        let text = format!("{local}@{domain}");
        let options =
            Options::default().with_required_tld().without_domain_literal().without_display_text();
        EmailAddress::parse_with_options(&text, options).map_err(|_| AddressError::Form)?;
        if !is_host_name(&domain) {
            return Err(AddressError::Domain);
        }
        Ok(Self { text, domain })
    }
}

fn check_length(part: &'static str, text: &str, allowed: usize) -> Result<(), AddressError> {
    let found = text.len();
    if found > allowed {
        return Err(AddressError::TooLong { part, found, allowed });
    }
    Ok(())
}

/// Whether the domain has the form of those that mail goes to (RFC 1123): labels of letters, digits
/// and hyphens, the last of which is no number, so that it is no IP address.
fn is_host_name(domain: &str) -> bool {
    let is_label = |label: &str| {
        !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let last = domain.rsplit('.').next().unwrap_or_default();
    domain.split('.').all(is_label)
        && last.len() >= 2
        && last.bytes().any(|b| b.is_ascii_alphabetic())
}

impl FromStr for Mailbox {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let Some((name, address)) = text.strip_suffix('>').and_then(|t| t.rsplit_once('<')) else {
            return Ok(Self { name: None, address: text.parse()? });
        };
        let name = name.trim();
        let quoted = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
        let name = quoted.map_or_else(|| name.to_owned(), unescape);
        if name.chars().any(char::is_control) {
            return Err(AddressError::Name);
        }
        let found = name.chars().count();
        if found > LONGEST_NAME {
            return Err(AddressError::NameTooLong { found });
        }
        Ok(Self { name: Some(name).filter(|name| !name.is_empty()), address: address.parse()? })
    }
}

/// The text of a quoted string, in which a backslash stands before what would end it (RFC 5322).
fn unescape(quoted: &str) -> String {
    let mut text = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    while let Some(c) = characters.next() {
        text.extend(if c == '\\' { characters.next() } else { Some(c) });
    }
    text
}

impl AllowedDomains {
    /// Whether a message may go to this address.
    pub fn allows(&self, address: &Address) -> bool {
        self.allow_all() || self.0.iter().any(|pattern| pattern.matches(address.domain()))
    }

    /// Says that every domain is allowed.
    pub fn allow_all(&self) -> bool {
        self.0.is_empty() || self.0.contains(&Pattern::Any)
    }

    /// Says that somebody has set what is allowed, be it everything.
    pub fn are_set(&self) -> bool {
        !self.0.is_empty()
    }
}

/// An entry of a list of domains that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "has an entry that is no domain, number {number} of {of}: {found}; allowed are domains such as \
     example.com, with `*.` in front for all below one, and `*` for any"
)]
pub struct AllowedDomainsError {
    /// The place of the entry in the list, from 1.
    pub number: usize,
    /// The number of all entries.
    pub of: usize,
    /// The entry as far as it may be repeated, with its length and what is wrong with it.
    pub found: String,
}

/// The entry with its length and what is wrong with it. What may be an address is not repeated.
fn tell_entry(entry: &str, error: &AddressError) -> String {
    let length = entry.chars().count();
    match (entry.is_empty(), error) {
        (true, _) => "there is nothing between its commas".to_owned(),
        (_, AddressError::TooLong { found, allowed, .. }) => {
            format!("its domain has {found} characters, {allowed} are allowed")
        }
        _ if entry.contains('@') => {
            format!("it has {length} characters, and a mail address is none")
        }
        _ => format!("`{}`, of {length} characters", cut(entry, LONGEST_QUOTED)),
    }
}

impl FromStr for AllowedDomains {
    type Err = AllowedDomainsError;

    /// Reads a comma list of domains, `*.` in front standing for all subdomains, and `*` alone for any.
    fn from_str(list: &str) -> Result<Self, AllowedDomainsError> {
        let (mut patterns, mut known) = (Vec::new(), HashSet::new());
        for (index, entry) in list.split(',').map(str::trim).enumerate() {
            let pattern: Pattern = entry.parse().map_err(|error| AllowedDomainsError {
                number: index + 1,
                of: list.split(',').count(),
                found: tell_entry(entry, &error),
            })?;
            if known.insert(pattern.clone()) {
                patterns.push(pattern);
            }
        }
        Ok(Self(patterns))
    }
}

impl FromStr for Pattern {
    type Err = AddressError;

    fn from_str(entry: &str) -> Result<Self, AddressError> {
        if entry == "*" {
            return Ok(Self::Any);
        }
        let (domain, pattern): (_, fn(String) -> Self) = match entry.strip_prefix("*.") {
            Some(domain) => (domain, Self::Subdomains),
            None => (entry, Self::Domain),
        };
        // The rules for a domain are those of an address in it.
        let address: Address = format!("x@{domain}").parse()?;
        Ok(pattern(address.domain().to_owned()))
    }
}

impl AllowedDomains {
    /// The entries as they are written.
    pub fn written(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|pattern| match pattern {
            Pattern::Any => "*".to_owned(),
            Pattern::Domain(domain) => domain.clone(),
            Pattern::Subdomains(parent) => format!("*.{parent}"),
        })
    }
}

/// The comma list.
impl fmt::Display for AllowedDomains {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written().collect::<Vec<_>>().join(", "))
    }
}

impl Pattern {
    fn matches(&self, domain: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Domain(allowed) => domain == allowed,
            Self::Subdomains(parent) => {
                domain.strip_suffix(parent.as_str()).is_some_and(|rest| rest.ends_with('.'))
            }
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Addresses stay out of logs, and so out of anything that is printed for debugging.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<address>")
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<address>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_ses_takes() {
        let address = |text: &str| text.parse::<Address>().map(|a| a.to_string());
        assert_eq!(address("Ops@Example.COM"), Ok("Ops@example.com".into()));
        assert_eq!(address("a+b@bücher.example"), Ok("a+b@xn--bcher-kva.example".into()));
        for (text, error) in [
            ("ops", AddressError::Form),
            ("@example.com", AddressError::Form),
            ("a b@example.com", AddressError::Form),
            ("a@b@example.com", AddressError::Form),
            ("ops@localhost", AddressError::Form),
            ("\"john doe\"@example.com", AddressError::Form),
            ("ops@example.com\r\nBcc: x@example.com", AddressError::Form),
            ("jürgen@example.com", AddressError::LocalPart),
            ("ops@[127.0.0.1]", AddressError::Form),
            ("ops@127.0.0.1", AddressError::Domain),
            ("ops@exa_mple.com", AddressError::Domain),
            ("ops@example.c", AddressError::Domain),
            ("ops@-example.com", AddressError::Form),
        ] {
            assert_eq!(address(text), Err(error), "{text}");
        }
    }

    #[test]
    fn no_part_is_longer_than_mail_servers_take_it() {
        let parsed = |local: usize, domain: usize| {
            let labels = format!("{}.", "d".repeat(49)).repeat(domain / 50);
            let domain = format!("{labels}{}", "d".repeat(domain % 50));
            format!("{}@{domain}", "a".repeat(local)).parse::<Address>().map(|_| ())
        };
        let too_long = |part, found, allowed| Err(AddressError::TooLong { part, found, allowed });
        assert_eq!(parsed(64, 253), Ok(()));
        assert_eq!(parsed(65, 253), too_long("before", 65, 64));
        assert_eq!(parsed(1_000_000, 253), too_long("before", 1_000_000, 64));
        assert_eq!(parsed(64, 254), too_long("behind", 254, 253));
        let named = |length: usize| format!("{} <a@example.com>", "é".repeat(length)).parse();
        assert!(named(250).is_ok_and(|mailbox: Mailbox| mailbox.name.is_some()));
        assert_eq!(named(251), Err(AddressError::NameTooLong { found: 251 }));
    }

    #[test]
    fn mailboxes_have_names() {
        let mailbox: Mailbox = "Ana Ñ <ana@example.com>".parse().unwrap();
        assert_eq!(mailbox.name.as_deref(), Some("Ana Ñ"));
        let mailbox: Mailbox = "\"Reports, daily\" <r@example.com>".parse().unwrap();
        assert_eq!(mailbox.name.as_deref(), Some("Reports, daily"));
        let mailbox: Mailbox = r#""Ana \"A\" B" <ana@example.com>"#.parse().unwrap();
        assert_eq!(mailbox.name.as_deref(), Some(r#"Ana "A" B"#));
        let mailbox: Mailbox = "<r@example.com>".parse().unwrap();
        assert_eq!(mailbox.name, None);
        let broken = "Ana\nBcc: x <ana@example.com>".parse::<Mailbox>();
        assert_eq!(broken, Err(AddressError::Name));
    }

    #[test]
    fn mail_is_allowed_by_domain() {
        let allowed: AllowedDomains = "example.com, *.example.org".parse().unwrap();
        let allows = |text: &str| allowed.allows(&text.parse().unwrap());
        assert!(allows("a@example.com") && allows("a@x.example.org"));
        assert!(!allows("a@x.example.com") && !allows("a@example.org"));
        assert!(!allows("a@notexample.com") && !allows("a@evilexample.org"));
        assert!(AllowedDomains::default().allows(&"a@anywhere.example".parse().unwrap()));
        for all in ["*", " * ", "example.com,*"] {
            let all: AllowedDomains = all.parse().unwrap();
            assert!(all.allow_all() && all.are_set());
            assert!(all.allows(&"a@anywhere.example".parse().unwrap()));
        }
        let twice: AllowedDomains = "example.com,Example.com".parse().unwrap();
        assert_eq!(twice.to_string(), "example.com");
        for broken in ["exa mple", ",", "", "example.com,", "*.", "**", "*example.com"] {
            assert!(broken.parse::<AllowedDomains>().is_err(), "{broken:?} must not allow all");
        }
    }

    #[test]
    fn the_entry_that_is_no_domain_is_told_with_its_length() {
        let long = "d".repeat(5_000);
        let labels = format!("{}example", "d.".repeat(200));
        for (list, entry) in [
            (
                "example.com, exa mple, b.test",
                "number 2 of 3: `exa mple`, of 8 characters; allowed",
            ),
            ("example.com,", "number 2 of 2: there is nothing between its commas; allowed"),
            ("ops@example.com", "number 1 of 1: it has 15 characters, and a mail address is none;"),
            (&long, "number 1 of 1: its domain has 5000 characters, 253 are allowed;"),
            (&labels, "number 1 of 1: its domain has 407 characters, 253 are allowed;"),
        ] {
            let told = list.parse::<AllowedDomains>().unwrap_err().to_string();
            assert!(told.contains(entry) && told.len() < 500, "{told}");
            assert!(told.ends_with("`*.` in front for all below one, and `*` for any"), "{told}");
        }
    }
}
