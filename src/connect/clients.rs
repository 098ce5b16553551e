//! The clients of all Regions with instances, each made when it is first needed, and kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_config::SdkConfig;

use super::Connect;
use crate::instance::InstanceArn;
use crate::metric::limits::Limits;
use crate::rate_limit::Pacer;

/// The clients, by Region.
#[derive(Debug)]
pub struct Clients {
    config: SdkConfig,
    pacer: Arc<Pacer>,
    limits: Limits,
    by_region: Mutex<BTreeMap<String, Connect>>,
}

impl Clients {
    /// Clients that share the account's rates, and keep to the limits of a version of the API.
    pub fn new(config: SdkConfig, pacer: Arc<Pacer>, limits: Limits) -> Self {
        Self { config, pacer, limits, by_region: Mutex::default() }
    }

    /// The client of an instance's Region.
    pub fn client(&self, instance: &InstanceArn) -> Connect {
        let mut clients = self.by_region.lock().unwrap_or_else(PoisonError::into_inner);
        let client = clients.entry(instance.region().to_owned()).or_insert_with(|| {
            let pacer = Arc::clone(&self.pacer);
            Connect::new(&self.config, instance, pacer, self.limits.clone())
        });
        client.clone()
    }

    /// True where AWS answers, and not a service at an endpoint of its own.
    pub fn use_aws(&self) -> bool {
        self.config.endpoint_url().is_none()
    }
}
