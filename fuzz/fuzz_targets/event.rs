//! Any JSON is an order, or an error; never a panic.
#![no_main]

use connect_reports::trigger;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|payload: &[u8]| {
    if let Ok(payload) = serde_json::from_slice(payload) {
        let _ = trigger::parse_payload(&payload);
    }
});
