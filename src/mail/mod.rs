//! A message becomes the bytes of a mail, and goes through SES.

mod breaker;
mod mime;
mod outbox;
mod ses;

pub use breaker::SendBreaker;
pub use mime::{Envelope, List, compose};
pub use outbox::Outbox;
pub use ses::{Reach, Refusal, Sending, Ses};
