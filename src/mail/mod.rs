//! A message becomes the bytes of a mail, and goes through SES.

mod mime;
mod ses;

pub use mime::{Envelope, compose};
pub use ses::{Reach, Refusal, Ses};
