//! A message becomes the bytes of a mail, and goes through SES.

mod breaker;
mod mime;
mod ses;

pub use breaker::SendBreaker;
pub use mime::{Envelope, List, compose};
pub use ses::{Reach, Refusal, Sending, Ses};
