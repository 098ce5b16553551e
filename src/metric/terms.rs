//! The short terms that contact centres use, and what Connect means by them.

use super::Metric;
use crate::language::Language;

/// A short term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    metric: &'static str,
    /// The term, such as `AHT`.
    pub short: &'static str,
    /// What it is, as the end of a sentence that begins with the term.
    pub meaning: &'static str,
}

/// As the administrator guide defines the metrics (Metric definitions in Amazon Connect).
const TERMS: &[Term] = &[
    Term {
        metric: "SERVICE_LEVEL",
        short: "SL",
        meaning: "service level: contacts removed from the queue within so many seconds, whether \
                  answered, abandoned or moved on, in percent of all contacts queued",
    },
    Term {
        metric: "AVG_QUEUE_ANSWER_TIME",
        short: "ASA",
        meaning: "average speed of answer: how long contacts that were answered waited in the queue",
    },
    Term {
        metric: "AVG_HANDLE_TIME",
        short: "AHT",
        meaning: "average handle time: an agent's time on a contact, with hold and after-contact \
                  work",
    },
    Term {
        metric: "AVG_AFTER_CONTACT_WORK_TIME",
        short: "ACW",
        meaning: "after-contact work: an agent's average time on a contact after it has ended",
    },
];

impl Metric {
    /// The short term for it, where there is one.
    pub fn term(&self) -> Option<&'static Term> {
        TERMS.iter().find(|term| term.metric == self.name)
    }

    /// What people read over its figures where a definition does not say it: the short term with
    /// its threshold, `SL 20 s`, or the title.
    pub fn label(&self, threshold_seconds: Option<u32>, language: Language) -> String {
        match (self.term(), threshold_seconds) {
            (Some(term), Some(seconds)) => format!("{} {seconds} s", language.say(term.short)),
            (Some(term), None) => language.say(term.short).to_owned(),
            (None, threshold) => self.title(threshold, language),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::language::Language;
    use crate::metric::find;

    use super::*;

    #[test]
    fn terms_are_those_of_metrics() {
        assert!(TERMS.iter().all(|term| find(term.metric).is_some()));
        for (name, threshold, label) in [
            ("SERVICE_LEVEL", Some(20), "SL 20 s"),
            ("AVG_HANDLE_TIME", None, "AHT"),
            ("CONTACTS_QUEUED", None, "Contacts queued"),
        ] {
            assert_eq!(find(name).unwrap().label(threshold, Language::English), label);
        }
    }
}
