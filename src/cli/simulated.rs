//! A simulator for one command, and the SDK's configuration for it.

use aws_config::retry::RetryConfig;
use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::tls;
use connect_simulator::{Options, Simulator};

use super::exit::wrong;
use crate::error::Error;
use crate::settings;

/// Starts a simulator.
pub(super) async fn start(options: Options) -> Result<Simulator, Error> {
    let port = options.port;
    Simulator::start(options)
        .await
        .map_err(|error| wrong(format!("the simulator can't listen on port {port}: {error}")))
}

/// The SDK's configuration for a simulator: nothing of it comes from the environment, so that no
/// request can reach AWS.
pub(super) fn simulated(simulator: &Simulator) -> SdkConfig {
    let nobody = Credentials::new("simulated", "simulated", None, None, "simulator");
    // The default client would send requests through a proxy that the environment names.
    let tls = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc);
    let client = aws_smithy_http_client::Builder::new().tls_provider(tls).build_https();
    SdkConfig::builder()
        .behavior_version(settings::behavior())
        .region(Region::new("eu-west-2"))
        .credentials_provider(SharedCredentialsProvider::new(nobody))
        .endpoint_url(simulator.url())
        .retry_config(RetryConfig::standard())
        .timeout_config(settings::timeouts())
        .http_client(client)
        .build()
}
