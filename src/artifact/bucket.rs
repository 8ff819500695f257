//! A bucket: how it is opened, and how long it is waited for.
//!
//! It is opened twice. Whoever reads wants an answer soon, if only that there is none; a file that is finished was slow to
//! make, and waits for the bucket to come back.

use std::{sync::Arc, time::Duration};

use object_store::{
    BackoffConfig, ClientConfigKey, ClientOptions, Error, ObjectStore, RetryConfig,
    aws::AmazonS3Builder,
    azure::MicrosoftAzureBuilder,
    client::{HttpClient, HttpConnector},
    gcp::GoogleCloudStorageBuilder,
    prefix::PrefixStore,
    signer::Signer,
};

use super::{Bucket, Provider};
use crate::trust;

/// For a connection to stand.
const CONNECT: Duration = Duration::from_secs(3);

/// How long whoever reads waits for the next bytes.
const SILENCE: Duration = Duration::from_secs(10);

/// How long a part may take to arrive and be answered.
const PART_TIME: Duration = Duration::from_secs(30);

/// How long a bucket that is away is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// By a file that is to be stored.
    pub storing: Duration,
    /// By whoever reads, lists or deletes; after that no other attempt is begun.
    pub reading: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { storing: Duration::from_secs(60), reading: Duration::from_secs(2) }
    }
}

/// A bucket that is open, and who signs links to it.
pub(super) struct Opened {
    pub(super) reading: Arc<dyn ObjectStore>,
    pub(super) writing: Arc<dyn ObjectStore>,
    pub(super) signer: Arc<dyn Signer>,
}

impl Opened {
    /// Opens a bucket with what the environment says of it, and with `settings`, which win. It is not asked yet.
    pub(super) fn new(bucket: &Bucket, patience: Patience, settings: &[(&str, &str)]) -> Result<Self, Error> {
        let reading = Access { patience: patience.reading, silence: SILENCE, settings };
        let writing = Access { patience: patience.storing, silence: PART_TIME, settings };
        match bucket.provider {
            Provider::S3 => open(bucket, reading, writing, Access::s3),
            Provider::Google => open(bucket, reading, writing, Access::google),
            Provider::Azure => open(bucket, reading, writing, Access::azure),
        }
    }
}

fn open<'a, T: ObjectStore + Signer>(
    bucket: &Bucket,
    reading: Access<'a>,
    writing: Access<'a>,
    store: impl Fn(Access<'a>, &str) -> Result<T, Error>,
) -> Result<Opened, Error> {
    let below = |access| {
        let store = store(access, &bucket.name)?;
        Ok::<_, Error>(Arc::new(PrefixStore::new(store, bucket.prefix.clone())))
    };
    let (reading, writing) = (below(reading)?, below(writing)?);
    Ok(Opened { signer: Arc::clone(&reading) as _, reading, writing })
}

#[derive(Clone, Copy)]
struct Access<'a> {
    patience: Duration,
    silence: Duration,
    settings: &'a [(&'a str, &'a str)],
}

impl Access<'_> {
    fn s3(self, name: &str) -> Result<object_store::aws::AmazonS3, Error> {
        let builder = self.configured(AmazonS3Builder::from_env(), AmazonS3Builder::with_config);
        builder.with_bucket_name(name).with_retry(self.retry()).with_http_connector(self.connector()).build()
    }

    fn google(self, name: &str) -> Result<object_store::gcp::GoogleCloudStorage, Error> {
        let builder =
            self.configured(GoogleCloudStorageBuilder::from_env(), GoogleCloudStorageBuilder::with_config);
        builder.with_bucket_name(name).with_retry(self.retry()).with_http_connector(self.connector()).build()
    }

    fn azure(self, name: &str) -> Result<object_store::azure::MicrosoftAzure, Error> {
        let builder = self.configured(MicrosoftAzureBuilder::from_env(), MicrosoftAzureBuilder::with_config);
        builder
            .with_container_name(name)
            .with_retry(self.retry())
            .with_http_connector(self.connector())
            .build()
    }

    fn configured<B, K: std::str::FromStr>(self, builder: B, with: impl Fn(B, K, String) -> B) -> B {
        self.settings.iter().fold(builder, |builder, (name, value)| match name.to_ascii_lowercase().parse() {
            Ok(key) => with(builder, key, (*value).to_owned()),
            Err(_) => builder,
        })
    }

    fn retry(self) -> RetryConfig {
        let backoff = BackoffConfig {
            init_backoff: Duration::from_millis(100),
            // so that nobody waits much longer than the bucket was away
            max_backoff: Duration::from_secs(2),
            base: 2.0,
        };
        RetryConfig { backoff, max_retries: 1_000, retry_timeout: self.patience }
    }

    fn connector(self) -> Connector {
        Connector { silence: self.silence }
    }
}

/// Makes the HTTP clients of buckets, which trust whom we trust. There is no limit on a whole answer, because a reader may be
/// slow; there is one on silence.
#[derive(Debug)]
struct Connector {
    silence: Duration,
}

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let allow_http = options.get_config_value(&ClientConfigKey::AllowHttp);
        let client = trust::http_client()
            .https_only(allow_http.as_deref() != Some("true"))
            .connect_timeout(CONNECT)
            .read_timeout(self.silence)
            .build();
        let client = client.map_err(|error| Error::Generic { store: "HTTP", source: Box::new(error) })?;
        Ok(HttpClient::new(client))
    }
}
