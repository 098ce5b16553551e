//! The services that all runs of a process share: settings, clients that keep their connections, caches that
//! stay warm.

use std::sync::Arc;

use aws_config::SdkConfig;

use crate::connect::Clients;
use crate::error::Error;
use crate::mail::Outbox;
use crate::queue::RunQueue;
use crate::rate_limit::Pacer;
use crate::run::definitions::DefinitionSource;
use crate::run::fetch::FigureSource;
use crate::run::ledger::Ledger;
use crate::run::message::OwnTemplates;
use crate::settings::{Aws, Location, Settings};
use crate::store::Store;

/// The services that runs use. It has no methods: each room takes the services that it needs.
#[derive(Debug)]
pub(crate) struct Services {
    pub(crate) settings: Settings,
    pub(crate) definitions: DefinitionSource,
    pub(crate) ledger: Ledger,
    pub(crate) figures: FigureSource,
    pub(crate) templates: OwnTemplates,
    /// The clients that send messages.
    pub(crate) outbox: Outbox,
    /// The queue by which runs are handed to other invocations, where there is one.
    pub(crate) queue: Option<RunQueue>,
    pub(crate) pacer: Arc<Pacer>,
}

impl Services {
    /// The services of a deployment.
    ///
    /// # Errors
    /// `TEMPLATE_ERROR` where a template that comes with the program does not parse.
    pub(crate) fn new(settings: Settings, aws: Aws) -> Result<Self, Error> {
        let config = &aws.config;
        let own_templates = settings.templates.as_ref().map(|place| open_store(place, config));
        let templates = OwnTemplates::new(own_templates)?;
        let pacer = Arc::new(Pacer::new(settings.rates));
        let clients = Clients::new(config.clone(), Arc::clone(&pacer), settings.limits.clone());
        Ok(Self {
            definitions: DefinitionSource::new(
                open_store(&settings.definitions, config),
                &settings,
                templates.built_in(),
            ),
            ledger: Ledger::new(settings.runs.as_ref().map(|place| open_store(place, config))),
            figures: FigureSource::new(clients, &settings),
            templates,
            outbox: Outbox::new(&settings, &aws, Arc::clone(&pacer)),
            queue: settings.queue.clone().map(|url| RunQueue::new(config, url)),
            pacer,
            settings,
        })
    }
}

fn open_store(place: &Location, config: &SdkConfig) -> Store {
    Store::at(place, || aws_sdk_s3::Client::new(config))
}
