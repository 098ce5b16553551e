//! What the tests have the function talk to.
#![allow(dead_code, reason = "a bench needs a part of it")]

#[path = "../../tests/integration/harness/http.rs"]
pub mod http;
#[path = "../../tests/integration/harness/runtime_api.rs"]
pub mod runtime_api;
#[path = "../../tests/integration/harness/s3.rs"]
pub mod s3;
#[path = "../../tests/integration/harness/template.rs"]
pub mod template;
