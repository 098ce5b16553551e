//! The HTTP client that the clients of the SDK share, and that of SES.
//!
//! By default each of them makes one of its own when it is made, and reads the system's certificates for
//! it: together two thirds of the time until the function can take an event. This one is made when it is
//! first used, and the certificates are read in a thread of their own meanwhile.
//!
//! SES has one of its own. A call of Connect or S3 that goes out on a connection which the network has
//! forgotten is made again; a mail may have been taken, and its recipient ends unknown.

use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, Connector, ConnectorBuilder};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// The client of all but SES: that of the SDK's defaults (`BehaviorVersion::v2026_01_12`), with its proxies and
/// certificates, but without a connector that is made only to see whether it can be.
#[derive(Debug)]
pub(super) struct Shared(SharedHttpClient);

impl Shared {
    pub(super) fn new() -> Self {
        Self(client(None))
    }
}

/// The client whose idle connections are closed after this long, or after the SDK's default of 90
/// seconds.
fn client(idle: Option<Duration>) -> SharedHttpClient {
    // As the SDK makes its own. It is no documented way, and a later minor version may not have it, but no
    // documented one takes proxies from the environment.
    Builder::new()
        .build_with_connector_fn(move |settings, components| connector(idle, settings, components))
}

/// The time for which a connection to SES is kept that no mail goes through. Less than any network on the way
/// forgets it after.
const IDLE: Duration = Duration::from_secs(5);

/// The connections to SES: those of one invocation. Between two, Lambda stops the process, and for how
/// long no clock of its own says.
#[derive(Clone, Debug)]
pub struct MailConnections(Arc<RwLock<SharedHttpClient>>);

impl Default for MailConnections {
    fn default() -> Self {
        Self(Arc::new(RwLock::new(client(Some(IDLE)))))
    }
}

impl MailConnections {
    /// Closes those that no mail is going through, and has new ones made from now on.
    pub fn renew(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = client(Some(IDLE));
    }

    fn current(&self) -> SharedHttpClient {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl HttpClient for MailConnections {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.current().http_connector(settings, components)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.current().connector_metadata()
    }
}

impl HttpClient for Shared {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.0.http_connector(settings, components)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
}

/// Reads the system's certificates in a thread of its own. Whoever needs them waits for it; where there
/// can be no thread, whoever needs them reads them.
pub fn read_certificates() {
    let reading = thread::Builder::new().name("certificates".to_owned());
    // What reads them keeps them for the process.
    drop(reading.spawn(|| drop(connector(None, None, None))));
}

fn connector(
    idle: Option<Duration>,
    settings: Option<&HttpConnectorSettings>,
    components: Option<&RuntimeComponents>,
) -> Connector {
    let mut connector = ConnectorBuilder::default()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .proxy_config(ProxyConfig::from_env());
    connector.set_connector_settings(settings.cloned());
    connector.set_pool_idle_timeout(idle.map(Some));
    if let Some(components) = components {
        connector.set_sleep_impl(components.sleep_impl());
    }
    connector.build()
}
