//! Destinations: the places to which messages go, of whichever kind, and the form in which records keep them.
//!
//! Each kind has a service of its own that carries messages there. Definitions, settings and delivery ask a
//! destination for its kind; what lies between, such as the protocol by which a run ends once, knows only the
//! stored form.

use crate::address::{AddressError, Mailbox};

/// The place to which a message goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A mailbox, to which SES carries mail.
    Mail(Mailbox),
}

/// The kind of a destination, by which its service is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DestinationKind {
    /// Mail, through SES.
    Mail,
}

/// A destination as records keep it. A later version may have written it, with a kind that this one does not
/// know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDestination {
    /// The word for the kind; none for mail.
    pub kind: Option<String>,
    /// The address, which records and answers show: it is no secret.
    pub to: String,
    /// The name before it.
    pub name: Option<String>,
}

/// The stored form is no destination.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// This version does not know the kind.
    #[error("is of a kind that this version does not know")]
    Kind,
    /// The address can be none of its kind.
    #[error("{0}")]
    Address(#[from] AddressError),
}

impl Destination {
    /// The mailbox, where it is one.
    pub fn mailbox(&self) -> Option<&Mailbox> {
        match self {
            Self::Mail(mailbox) => Some(mailbox),
        }
    }

    /// The key that all destinations have which reach the same place.
    pub fn place_key(&self) -> (DestinationKind, String) {
        match self {
            Self::Mail(mailbox) => (DestinationKind::Mail, mailbox.address.mailbox_key()),
        }
    }
}

impl DestinationKind {
    /// The kind that a record's word stands for.
    ///
    /// # Errors
    /// Fails where this version does not know it.
    pub fn from_word(word: Option<&str>) -> Result<Self, DestinationError> {
        match word {
            None => Ok(Self::Mail),
            Some(_) => Err(DestinationError::Kind),
        }
    }
}

impl From<&Destination> for StoredDestination {
    fn from(destination: &Destination) -> Self {
        match destination {
            Destination::Mail(mailbox) => {
                Self { kind: None, to: mailbox.address.to_string(), name: mailbox.name.clone() }
            }
        }
    }
}

impl TryFrom<StoredDestination> for Destination {
    type Error = DestinationError;

    fn try_from(stored: StoredDestination) -> Result<Self, DestinationError> {
        let StoredDestination { kind, to, name } = stored;
        match DestinationKind::from_word(kind.as_deref())? {
            DestinationKind::Mail => {
                let has_control = |name: &String| name.chars().any(char::is_control);
                let name = name.filter(|name| !has_control(name));
                Ok(Self::Mail(Mailbox { name, address: to.parse()? }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_read_back() {
        let mail = Destination::Mail("Ana <ana@example.com>".parse().unwrap());
        let stored = StoredDestination::from(&mail);
        assert_eq!(Destination::try_from(stored.clone()), Ok(mail));
        let later = StoredDestination { kind: Some("pager".to_owned()), ..stored.clone() };
        assert_eq!(Destination::try_from(later), Err(DestinationError::Kind));
        let broken = StoredDestination { to: "ana".to_owned(), ..stored.clone() };
        let error = DestinationError::Address(AddressError::Form);
        assert_eq!(Destination::try_from(broken), Err(error));
        let unsafe_name = StoredDestination { name: Some("a\nBcc: b".to_owned()), ..stored };
        let mailbox = Destination::try_from(unsafe_name).unwrap();
        assert_eq!(mailbox.mailbox().unwrap().name, None);
    }

    #[test]
    fn places_are_told_apart_as_mail_servers_do() {
        let key = |text: &str| Destination::Mail(text.parse().unwrap()).place_key();
        assert_eq!(key("Ana <Ana@example.com>"), key("ana@Example.com"));
        assert_ne!(key("ana@example.com"), key("bo@example.com"));
    }
}
