//! The operations of Amazon Connect and of Amazon SES, with their rules and their JSON. Each takes a request as
//! it was sent and works on an [`Account`](account::Account).

pub(crate) mod access;
pub(crate) mod account;
mod answer;
pub(crate) mod instance;
pub(crate) mod limits;
pub(crate) mod lists;
pub(crate) mod mailbox;
pub(crate) mod metric_data;
pub(crate) mod operation;
mod pages;
pub(crate) mod rates;
pub(crate) mod refusal;
pub(crate) mod searches;
pub(crate) mod ses;
