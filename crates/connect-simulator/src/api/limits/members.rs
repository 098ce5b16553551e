//! The members of a request, and their values.

use crate::api::refusal::Refusal;

/// The member, which a request must have.
pub(super) fn required<T>(member: Option<T>, name: &str) -> Result<T, Refusal> {
    member.ok_or_else(|| Refusal::invalid_parameter(format!("{name} is required.")))
}

/// The values that a member may have, in words.
pub(super) fn one_of(values: &[&str]) -> String {
    format!("it must be one of {}", values.join(", "))
}
