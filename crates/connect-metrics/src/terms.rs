//! The short terms of contact centres, and the metrics of Connect for which they stand.

use super::metric::Metric;

/// A short term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    metric: &'static str,
    /// The term, such as `AHT`.
    pub short: &'static str,
    /// Its meaning, as the end of a sentence that begins with the term.
    pub meaning: &'static str,
}

/// The terms with their meanings, as the administrator guide defines the metrics (Metric definitions in Amazon
/// Connect).
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

/// A word of contact centres that is no metric's name, with the metric for which it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abbreviation {
    /// The word in capital letters, such as `AHT`.
    pub word: &'static str,
    /// The metric's name.
    pub metric: &'static str,
    /// The words for which it stands.
    pub words: &'static str,
}

const ABBREVIATIONS: &[Abbreviation] = &[
    abbreviation("ABA", "CONTACTS_ABANDONED", "contacts abandoned"),
    abbreviation("ABN", "CONTACTS_ABANDONED", "contacts abandoned"),
    abbreviation("ABD", "CONTACTS_ABANDONED", "contacts abandoned"),
    abbreviation("ABR", "ABANDONMENT_RATE", "abandonment rate"),
    abbreviation("ACW", "AVG_AFTER_CONTACT_WORK_TIME", "after contact work"),
    abbreviation("ACWT", "AVG_AFTER_CONTACT_WORK_TIME", "after contact work"),
    abbreviation("ADH", "AGENT_SCHEDULE_ADHERENCE", "adherence"),
    abbreviation("AHT", "AVG_HANDLE_TIME", "average handle time"),
    abbreviation("AIT", "AVG_INTERACTION_TIME", "average agent interaction time"),
    abbreviation("ASA", "AVG_QUEUE_ANSWER_TIME", "average queue answer time"),
    abbreviation("ATA", "AVG_ABANDON_TIME", "average queue abandon time"),
    abbreviation("ATT", "AVG_TALK_TIME", "average talk time"),
    abbreviation("AWT", "AVG_QUEUE_ANSWER_TIME", "average queue answer time"),
    abbreviation("CSAT", "EVALUATED_CSAT_PERCENT", "evaluated csat"),
    abbreviation("FCR", "PERCENT_CASES_FIRST_CONTACT_RESOLVED", "cases resolved on first contact"),
    abbreviation("FRT", "AVG_FIRST_RESPONSE_TIME_AGENT", "average agent first response time"),
    abbreviation("LWT", "MAX_QUEUED_TIME", "maximum queued time"),
    abbreviation("MWT", "MAX_QUEUED_TIME", "maximum queued time"),
    abbreviation("NCH", "CONTACTS_HANDLED", "contacts handled"),
    abbreviation("NCO", "CONTACTS_QUEUED", "contacts queued"),
    abbreviation("OCC", "AGENT_OCCUPANCY", "occupancy"),
    abbreviation("RONA", "AGENT_NON_RESPONSE", "agent non-response"),
    abbreviation("SL", "SERVICE_LEVEL", "service level"),
    abbreviation("SLA", "SERVICE_LEVEL", "service level"),
    abbreviation("SVL", "SERVICE_LEVEL", "service level"),
    abbreviation("TSF", "SERVICE_LEVEL", "service level"),
];

const fn abbreviation(
    word: &'static str,
    metric: &'static str,
    words: &'static str,
) -> Abbreviation {
    Abbreviation { word, metric, words }
}

/// The abbreviation with which a word begins: `sl` and `SL_20` give `SL`.
pub fn find_abbreviation(word: &str) -> Option<&'static Abbreviation> {
    let letters = word.split(|c: char| !c.is_ascii_alphabetic()).next()?;
    ABBREVIATIONS.iter().find(|known| known.word.eq_ignore_ascii_case(letters))
}

impl Metric {
    /// The short term for the metric, where there is one.
    pub fn short_term(&self) -> Option<&'static Term> {
        TERMS.iter().find(|term| term.metric == self.name)
    }
}

#[cfg(test)]
mod tests {
    use crate::find_metric;

    use super::*;

    #[test]
    fn every_abbreviation_stands_for_a_metric() {
        for known in ABBREVIATIONS {
            let metric = find_metric(known.metric).unwrap_or_else(|| panic!("{}", known.metric));
            let title = metric.title.to_lowercase();
            assert!(title.contains(known.words), "{title}");
        }
        let meant = |word: &str| find_abbreviation(word).map(|known| known.metric);
        assert_eq!(meant("aht"), Some("AVG_HANDLE_TIME"));
        assert_eq!(meant("SL_20"), Some("SERVICE_LEVEL"));
        assert_eq!(meant("SL20"), Some("SERVICE_LEVEL"));
        assert_eq!([meant("SLOW_CONTACTS"), meant(""), meant("_AHT")], [None; 3]);
        for term in TERMS {
            assert_eq!(meant(term.short), Some(term.metric), "{}", term.short);
        }
    }

    #[test]
    fn every_term_stands_for_a_metric() {
        assert!(TERMS.iter().all(|term| find_metric(term.metric).is_some()));
    }
}
