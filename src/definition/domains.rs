//! The domains that a deployment allows a definition's mail to go to, and its links to lead to.

use std::collections::BTreeSet;
use std::ops::Range;

use super::doubts::Written;
use super::problem::{Problem, Problems};
use super::report::Report;
use super::wording::listed;
use crate::address::Address;
use crate::settings::Deployment;

/// Refuses an address outside the domains that mail may go to.
pub(super) fn check_allowed(
    problems: &Problems<'_>,
    span: &Range<usize>,
    address: &Address,
    deployment: &Deployment,
) {
    if !deployment.allowed_recipients.allows(address) {
        let message = format!("mail to {} is not allowed here", address.domain());
        problems.error(span, "recipient-not-allowed", message, of_recipients(deployment));
    }
}

/// Refuses a link outside the domains that mail may go to, or that links may lead to.
pub(super) fn check_link(
    problems: &Problems<'_>,
    span: &Range<usize>,
    link: &str,
    deployment: &Deployment,
) {
    match link.strip_prefix("mailto:") {
        Some(rest) => check_mail(problems, span, rest, deployment),
        None => check_page(problems, span, link, deployment),
    }
}

fn check_mail(problems: &Problems<'_>, span: &Range<usize>, rest: &str, deployment: &Deployment) {
    if deployment.allowed_recipients.allow_all() {
        return;
    }
    match addressees(rest) {
        Some(addresses) => {
            addresses.iter().for_each(|address| check_allowed(problems, span, address, deployment));
        }
        None => {
            let message = "this link may write to anybody";
            let help = format!(
                "write each address in full, as in \"mailto:ops@example.com\"; {}",
                of_recipients(deployment)
            );
            problems.error(span, "recipient-not-allowed", message, help);
        }
    }
}

fn check_page(problems: &Problems<'_>, span: &Range<usize>, link: &str, deployment: &Deployment) {
    let allowed = &deployment.allowed_links;
    if allowed.allow_all() {
        return;
    }
    let host = host(link);
    if host.as_ref().is_some_and(|host| allowed.allows(host)) {
        return;
    }
    let message = match host {
        Some(host) => format!("a link to {} is not allowed here", host.domain()),
        None => "this link may lead anywhere".to_owned(),
    };
    let help = format!(
        "write \"https://\" and one of the domains that are allowed: {}; \
         CONNECT_REPORTS_ALLOWED_LINKS says so",
        listed(allowed.written())
    );
    problems.error(span, "link-not-allowed", message, help);
}

fn of_recipients(deployment: &Deployment) -> String {
    let allowed = listed(deployment.allowed_recipients.written());
    format!("allowed: {allowed}; CONNECT_REPORTS_ALLOWED_RECIPIENTS says so")
}

/// Everybody whom a link writes to, from what stands behind its `mailto:` (RFC 6068); none where one of
/// them is not written in full, so that it may be anybody.
fn addressees(rest: &str) -> Option<Vec<Address>> {
    let (to, fields) = rest.split_once('?').unwrap_or((rest, ""));
    let mut written = vec![to];
    for field in fields.split('&').filter(|field| !field.is_empty()) {
        let (name, value) = field.split_once('=')?;
        let is_recipient = ["to", "cc", "bcc"].iter().any(|one| name.eq_ignore_ascii_case(one));
        match (name.contains('%'), is_recipient) {
            (true, _) => return None,
            (false, true) => written.push(value),
            (false, false) => {}
        }
    }
    let in_full = |text: &str| text.parse().ok().filter(|_| !text.contains('%'));
    written.into_iter().map(in_full).collect()
}

/// An address at the host that a page lies on; none where the link has a user before it, or where it is no
/// domain.
fn host(link: &str) -> Option<Address> {
    let authority = link.strip_prefix("https://")?.split(['/', '?', '#']).next()?;
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
    let host = Some(host).filter(|host| host.bytes().all(is_plain))?;
    format!("x@{host}").parse().ok()
}

/// Mail of a valid definition that a deployment refuses which allows its own domains alone: those of its
/// sender and of its owner. `text` is the definition, without a byte order mark. Nothing where it is said
/// what is allowed.
pub fn beyond_own_domains(
    file: &str,
    text: &str,
    report: &Report,
    deployment: &Deployment,
) -> Vec<Problem> {
    if deployment.allowed_recipients.are_set() {
        return Vec::new();
    }
    let problems = Problems::new(file, text);
    let from = deployment.from.as_ref().unwrap_or(&report.email.from);
    let owner = deployment.owner.as_ref().unwrap_or(&report.owner);
    let own = BTreeSet::from([from.address.domain(), owner.domain()]);
    Written::read(text, |written| {
        let email = &report.email;
        let unsubscribe =
            email.unsubscribe.as_deref().and_then(|link| link.strip_prefix("mailto:"));
        let unsubscribe = unsubscribe.map(|rest| addressees(rest).unwrap_or_default());
        let found: [(_, _, Vec<&Address>); 4] = [
            (None, "owner", vec![&report.owner]),
            (Some("email"), "to", report.mailboxes().map(|to| &to.address).collect()),
            (Some("email"), "reply_to", email.reply_to.iter().map(|to| &to.address).collect()),
            (Some("email"), "unsubscribe", unsubscribe.iter().flatten().collect()),
        ];
        for (table, key, addresses) in found {
            let domains = addresses.iter().map(|address| address.domain());
            let others: BTreeSet<&str> = domains.filter(|domain| !own.contains(domain)).collect();
            // Values that the deployment gives do not stand in the definition.
            if let (Some(place), false) = (written.place(table, key), others.is_empty()) {
                warn_of(&problems, &place, &others, &own);
            }
        }
    });
    problems.into_found().0
}

fn warn_of(
    problems: &Problems<'_>,
    place: &Range<usize>,
    others: &BTreeSet<&str>,
    own: &BTreeSet<&str>,
) {
    let message = format!(
        "mail to {} is refused where the stack's `AllowedRecipients` is empty",
        listed(others)
    );
    let help = format!(
        "empty stands for the domains of sender and owner ({}), and of `Identity`; list every domain \
         there, or `*` for any, and in CONNECT_REPORTS_ALLOWED_RECIPIENTS for `validate`",
        listed(own)
    );
    problems.warning(place, "recipient-elsewhere", message, help);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_writes_to_all_whom_it_names() {
        let written = |rest: &str| {
            let found = addressees(rest)?;
            Some(found.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        };
        for (rest, found) in [
            ("ops@example.com", Some("ops@example.com")),
            ("ops@example.com?subject=stop%20it&body=b", Some("ops@example.com")),
            ("ops@example.com?CC=a@evil.test", Some("ops@example.com a@evil.test")),
            (
                "ops@example.com?bcc=a@evil.test&to=b@evil.test",
                Some("ops@example.com a@evil.test b@evil.test"),
            ),
            ("ops@example.com?%63c=a@evil.test", None),
            ("ops%40evil.test", None),
            ("a%40evil.test%2Cops@example.com", None),
            ("?to=a@example.com", None),
            ("ops@example.com?cc", None),
            ("ops", None),
        ] {
            assert_eq!(written(rest).as_deref(), found, "{rest}");
        }
    }

    #[test]
    fn a_page_lies_on_its_host() {
        for (link, found) in [
            ("https://example.com", Some("example.com")),
            ("https://Reports.Example.com:8443/a?b#c", Some("reports.example.com")),
            ("https://example.com@evil.test/", None),
            ("https://example.com:x@evil.test/", None),
            ("https://evil.test/@example.com", Some("evil.test")),
            ("https://evil.test?example.com", Some("evil.test")),
            ("https://evil%2etest/", None),
            ("https://192.0.2.7/", None),
            ("https://[2001:db8::1]/", None),
            ("https:///example.com", None),
        ] {
            let domain = host(link).map(|address| address.domain().to_owned());
            assert_eq!(domain.as_deref(), found, "{link}");
        }
    }
}
