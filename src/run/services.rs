//! The services that all runs of a process share: settings, clients that keep their connections, caches that
//! stay warm.

use std::sync::Arc;

use crate::connect::Clients;
use crate::error::Error;
use crate::mail::Outbox;
use crate::queue::RunQueue;
use crate::rate_limit::Pacer;
use crate::run::definitions::DefinitionSource;
use crate::run::fetch::FigureSource;
use crate::run::ledger::Ledger;
use crate::run::message::OwnTemplates;
use crate::settings::{Aws, Settings};
use crate::store::Store;

/// The services that runs use. It has no methods: rooms take what they need of it.
#[derive(Debug)]
pub(crate) struct Services {
    pub(crate) settings: Settings,
    pub(crate) definitions: DefinitionSource,
    pub(crate) ledger: Ledger,
    pub(crate) figures: FigureSource,
    pub(crate) templates: OwnTemplates,
    /// The services that carry messages away.
    pub(crate) outbox: Outbox,
    /// The queue for other invocations, where there is one.
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
        let s3 = || aws_sdk_s3::Client::new(config);
        let place = settings.templates.as_ref().map(|place| Store::at(place, s3));
        let templates = OwnTemplates::new(place)?;
        let pacer = Arc::new(Pacer::new(settings.rates));
        let clients = Clients::new(config.clone(), Arc::clone(&pacer), settings.limits.clone());
        Ok(Self {
            definitions: DefinitionSource::new(
                Store::at(&settings.definitions, s3),
                &settings,
                templates.built_in(),
            ),
            ledger: Ledger::new(settings.runs.as_ref().map(|place| Store::at(place, s3))),
            figures: FigureSource::new(clients, &settings),
            templates,
            outbox: Outbox::new(&settings, &aws, Arc::clone(&pacer)),
            queue: settings.queue.clone().map(|url| RunQueue::new(config, url)),
            pacer,
            settings,
        })
    }
}
