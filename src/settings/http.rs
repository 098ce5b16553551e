//! The HTTP client that all clients of the SDK share.
//!
//! By default each of them makes one of its own when it is made, and reads the system's certificates for
//! it: together two thirds of the time until the function can take an event. This one is made when it is
//! first used, and the certificates are read in a thread of their own meanwhile.

use std::thread;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, Connector, ConnectorBuilder};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// The client: that of the SDK's defaults (`BehaviorVersion::v2026_01_12`), with its proxies and
/// certificates, but without a connector that is made only to see whether it can be.
#[derive(Debug)]
pub(super) struct Shared(SharedHttpClient);

impl Shared {
    pub(super) fn new() -> Self {
        // As the SDK makes its own. It is no documented way, and a later minor version may not have it, but no
        // documented one takes proxies from the environment.
        Self(Builder::new().build_with_connector_fn(connector))
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
    drop(reading.spawn(|| drop(connector(None, None))));
}

fn connector(
    settings: Option<&HttpConnectorSettings>,
    components: Option<&RuntimeComponents>,
) -> Connector {
    let mut connector = ConnectorBuilder::default()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .proxy_config(ProxyConfig::from_env());
    connector.set_connector_settings(settings.cloned());
    if let Some(components) = components {
        connector.set_sleep_impl(components.sleep_impl());
    }
    connector.build()
}
