//! A bucket that a test starts for itself: an S3 server on a free port, over a folder, which can go away and come back.
//!
//! It checks signatures as S3 does, those of links included.

use std::{
    collections::BTreeSet,
    convert::Infallible,
    fs,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use s3s::{
    auth::SimpleAuth,
    service::{S3Service, S3ServiceBuilder},
};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::watch};
use tokio_util::sync::{CancellationToken, DropGuard};

const KEY: &str = "AKIATESTBUCKET";

type Body = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// A server with one bucket, `reports`. It ends with this value.
pub(crate) struct Bucket {
    address: SocketAddr,
    secret: String,
    folder: TempDir,
    gate: Arc<Gate>,
    _serving: DropGuard,
}

/// What the server lets pass, and what it saw.
#[derive(Default)]
struct Gate {
    is_away: watch::Sender<bool>,
    turned_away: watch::Sender<usize>,
    /// Requests whose target has this in it fail for good.
    broken: Mutex<Option<&'static str>>,
    seen: Mutex<Vec<String>>,
    parts_now: AtomicUsize,
    parts_at_once: AtomicUsize,
}

impl Bucket {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("reports")).unwrap();
        let secret = uuid::Uuid::new_v4().simple().to_string();
        crate::watch::secret(&secret);
        crate::watch::secret(KEY);
        let mut builder = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder.path()).unwrap());
        builder.set_auth(SimpleAuth::from_single(KEY, secret.as_str()));
        let (service, gate) = (builder.build(), Arc::new(Gate::default()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        // in a thread of its own: a test may wait for a process that waits for the bucket
        let (stop, listener, its) =
            (CancellationToken::new(), listener.into_std().unwrap(), Arc::clone(&gate));
        let serving = stop.clone().drop_guard();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(stop.run_until_cancelled(serve(listener, service, its)));
        });
        Self { address, secret, folder, gate, _serving: serving }
    }

    /// What is to be said to whoever is to use it, by names of environment variables.
    pub(crate) fn settings(&self) -> Vec<(&str, String)> {
        vec![
            ("AWS_ACCESS_KEY_ID", KEY.into()),
            ("AWS_SECRET_ACCESS_KEY", self.secret.clone()),
            ("AWS_REGION", "eu-central-1".into()),
            ("AWS_ENDPOINT_URL", self.origin()),
            ("AWS_ALLOW_HTTP", "true".into()),
        ]
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on every request is answered 503.
    pub(crate) fn go_away(&self) {
        self.gate.is_away.send_replace(true);
    }

    pub(crate) fn come_back(&self) {
        self.gate.is_away.send_replace(false);
    }

    /// Waits until so many requests in all have been turned away.
    pub(crate) async fn turned_away(&self, count: usize) {
        let mut turned_away = self.gate.turned_away.subscribe();
        turned_away.wait_for(|seen| *seen >= count).await.unwrap();
    }

    /// Requests whose target has this in it fail for good from now on.
    pub(crate) fn break_at(&self, text: &'static str) {
        *self.gate.broken.lock().unwrap() = Some(text);
    }

    /// Method and target of every request that came.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.gate.seen.lock().unwrap().clone()
    }

    /// How many parts of uploads were on their way at once, at most.
    pub(crate) fn parts_at_once(&self) -> usize {
        self.gate.parts_at_once.load(Ordering::SeqCst)
    }

    /// The keys of what is in it.
    pub(crate) fn files(&self) -> BTreeSet<String> {
        let root = self.folder.path().join("reports");
        let (mut found, mut folders) = (BTreeSet::new(), vec![root.clone()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => drop(found.insert(path.strip_prefix(&root).unwrap().display().to_string())),
                }
            }
        }
        found
    }

    /// Makes a file as old as if it had been written before `span`.
    pub(crate) fn age(&self, key: &str, span: Duration) {
        let path = self.folder.path().join("reports").join(key);
        let file = fs::File::options().append(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - span).unwrap();
    }

    /// What is kept of uploads that were begun and not ended: their parts, and what is known of them.
    pub(crate) fn unfinished(&self) -> Vec<String> {
        let names = fs::read_dir(self.folder.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.contains("upload")).collect()
    }
}

async fn serve(listener: std::net::TcpListener, service: S3Service, gate: Arc<Gate>) {
    let listener = TcpListener::from_std(listener).unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (service, gate) = (service.clone(), Arc::clone(&gate));
        let answer = service_fn(move |request| answer(request, service.clone(), Arc::clone(&gate)));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
    }
}

async fn answer(
    request: Request<Incoming>,
    service: S3Service,
    gate: Arc<Gate>,
) -> Result<Response<Body>, Infallible> {
    let target = request.uri().to_string();
    gate.seen.lock().unwrap().push(format!("{} {target}", request.method()));
    if *gate.is_away.borrow() {
        gate.turned_away.send_modify(|count| *count += 1);
        return Ok(refusal(503));
    }
    if gate.broken.lock().unwrap().is_some_and(|text| target.contains(text)) {
        return Ok(refusal(400));
    }
    let is_part = target.contains("partNumber=");
    if is_part {
        let now = gate.parts_now.fetch_add(1, Ordering::SeqCst) + 1;
        gate.parts_at_once.fetch_max(now, Ordering::SeqCst);
    }
    let answered = service.call(request.map(s3s::Body::from)).await;
    if is_part {
        gate.parts_now.fetch_sub(1, Ordering::SeqCst);
    }
    Ok(match answered {
        Ok(answer) => answer.map(|body| body.map_err(Into::into).boxed_unsync()),
        Err(_) => refusal(500),
    })
}

fn refusal(status: u16) -> Response<Body> {
    let body = Full::new(Bytes::from_static(b"<Error><Code>Gone</Code></Error>"));
    Response::builder().status(status).body(body.map_err(|never| match never {}).boxed_unsync()).unwrap()
}
