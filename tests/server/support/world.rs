//! A server that runs, and the ways to talk to it.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, Weak},
    time::Duration,
};

use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use reportwire::{
    artifact::Artifacts,
    catalog::Library,
    generate::Generator,
    report::{Record, ReportId},
    server::Server,
    store::{Outbox, Room, Store, sqlite::SqliteStore},
    token::Signer,
    vault::Folder,
};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle};

use super::{Answer, Client, Faults, Key, Shift, Stage, patiently};

pub(crate) struct World {
    pub(crate) address: SocketAddr,
    pub(crate) faults: Arc<Faults>,
    pub(crate) http: reqwest::Client,
    folder: Arc<TempDir>,
    shift: Shift,
    store: Weak<dyn Store>,
    outbox: Weak<dyn Outbox>,
    artifacts: Artifacts,
    library: Arc<Library>,
    // `None` once it has ended
    running: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl World {
    pub(super) fn run(
        server: Server,
        folder: Arc<TempDir>,
        shift: Shift,
        engine: &Arc<SqliteStore>,
        faults: Arc<Faults>,
        artifacts: Artifacts,
        library: Arc<Library>,
    ) -> Self {
        let address = server.address();
        let (stop, asked) = oneshot::channel();
        let run = tokio::spawn(server.run(async move { drop(asked.await) }));
        let http = reportwire::trust::http_client().no_proxy().build().unwrap();
        let store: Arc<dyn Store> = Arc::clone(engine) as _;
        let outbox: Arc<dyn Outbox> = Arc::clone(engine) as _;
        let (store, outbox) = (Arc::downgrade(&store), Arc::downgrade(&outbox));
        Self {
            address,
            faults,
            http,
            folder,
            shift,
            store,
            outbox,
            artifacts,
            library,
            running: Some((stop, run)),
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What the server signs links with.
    pub(crate) async fn signer(&self) -> Signer {
        Signer::open(Arc::new(Folder::new(self.folder()))).await.unwrap()
    }

    /// The store itself, behind the switches. Let go of it before the end.
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        self.store.upgrade().expect("the server runs")
    }

    pub(crate) fn artifacts(&self) -> Artifacts {
        self.artifacts.clone()
    }

    /// Another one who makes reports as this server does.
    pub(crate) fn generator(&self) -> Generator {
        super::generator(self.folder(), &self.library, self.artifacts())
    }

    /// The keys of all files.
    pub(crate) async fn files(&self) -> Vec<String> {
        let stored: Vec<_> = self.artifacts.list().try_collect().await.unwrap();
        stored.into_iter().map(|file| file.key).collect()
    }

    /// The time of the store.
    pub(crate) fn now(&self) -> Timestamp {
        self.shift.now()
    }

    /// When the next message is due. Takes none.
    pub(crate) async fn next_message(&self) -> Option<Timestamp> {
        let outbox = self.outbox.upgrade().expect("the server runs");
        outbox.claim_messages(Duration::ZERO, &Room::default()).await.unwrap().next_due
    }

    /// Lets time pass in the store.
    pub(crate) fn pass(&self, span: Duration) {
        self.shift.pass(span);
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let request = self.http.request(method, format!("http://{}{path}", self.address));
        let request = match body {
            Some(body) => request.header("content-type", "application/json").body(body.to_string()),
            None => request,
        };
        Answer::of(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    /// A GET with these headers.
    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request = self.http.get(format!("http://{}{path}", self.address));
        Answer::of(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
    }

    /// What a link of the resource leads to.
    pub(crate) async fn fetch(&self, link: &Value) -> Answer {
        Answer::of(self.http.get(link.as_str().expect("a link"))).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Asks for a report, and returns its id.
    pub(crate) async fn order(&self) -> String {
        self.order_with(json!({})).await
    }

    /// Asks for a report with these members beside the usual ones.
    pub(crate) async fn order_with(&self, more: Value) -> String {
        let mut body = json!({"reportType": "COFFEE_SALES", "reportDate": "2021-01-01"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = self.post("/api/v1/report", &body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json["id"].as_str().unwrap().into()
    }

    /// The resource.
    pub(crate) async fn show(&self, id: &str) -> Value {
        let answer = self.get(&format!("/api/v1/report/{id}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json
    }

    pub(crate) async fn act(&self, id: &str, action: &str) -> Answer {
        self.call(Method::POST, &format!("/api/v1/report/{id}/{action}"), None).await
    }

    /// A WebSocket to the report.
    pub(crate) async fn connect(&self, id: &str) -> Client {
        Client::open(self.address, &format!("/api/v1/report/{id}/ws")).await
    }

    /// A WebSocket that stays open after the end.
    pub(crate) async fn connect_to_stay(&self, id: &str) -> Client {
        Client::open(self.address, &format!("/api/v1/report/{id}/ws?keep=1")).await
    }

    /// Waits until the record is as wanted: armed first, then looked at.
    pub(crate) async fn record(&self, id: &str, wanted: impl Fn(&Record) -> bool) -> Record {
        let (store, id) = (self.store(), id.parse::<ReportId>().unwrap());
        let mut hints = store.hints();
        patiently("the record is as wanted", async {
            loop {
                let record = store.load(id).await.unwrap();
                if wanted(&record) {
                    return record;
                }
                let _ = hints.recv().await;
            }
        })
        .await
    }

    pub(crate) async fn listeners(&self, id: &str) -> u64 {
        let answer = self.get(&format!("/api/v1/report/{id}/listeners")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json["count"].as_u64().unwrap()
    }

    /// Waits until this many listen. Nothing announces it, so it is asked for again and again.
    pub(crate) async fn until_listeners(&self, id: &str, count: u64) {
        patiently("so many listen", async {
            while self.listeners(id).await != count {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    /// How many reports there are.
    pub(crate) async fn count(&self) -> usize {
        let answer = self.get("/api/v1/report?limit=100").await;
        answer.json["reports"].as_array().unwrap().len()
    }

    /// Begins to drain. What happens meanwhile is the test's to see.
    pub(crate) fn begin_to_stop(&mut self) -> JoinHandle<()> {
        let (stop, run) = self.running.take().expect("the server runs");
        let _ = stop.send(());
        run
    }

    /// Stops this server and starts another on the same folder and port.
    pub(crate) async fn restart(mut self, stage: Stage) -> World {
        let run = self.begin_to_stop();
        self.ended(run).await;
        self.reborn(stage).await
    }

    /// Starts another server in the place of this one, which has ended.
    pub(crate) async fn reborn(self, stage: Stage) -> World {
        stage.after(Arc::clone(&self.folder), self.address, self.shift.clone()).start().await
    }

    /// Ends the test: nobody listens any more, the server drains in time, and no task holds the store.
    pub(crate) async fn finish(mut self) {
        let answer = self.get("/api/v1/report?limit=100").await;
        for report in answer.json["reports"].as_array().unwrap() {
            self.until_listeners(report["id"].as_str().unwrap(), 0).await;
        }
        let run = self.begin_to_stop();
        self.ended(run).await;
    }

    /// The same where it is asked who looks.
    pub(crate) async fn finish_as(mut self, key: &Key) {
        let answer = self.get_as(key, "/api/v1/report?limit=100").await;
        for report in answer.json["reports"].as_array().unwrap() {
            let path = format!("/api/v1/report/{}/listeners", report["id"].as_str().unwrap());
            patiently("nobody listens", async {
                while self.get_as(key, &path).await.json["count"] != 0 {
                    tokio::task::yield_now().await;
                }
            })
            .await;
        }
        let run = self.begin_to_stop();
        self.ended(run).await;
    }

    /// Waits for the end of a drain.
    pub(crate) async fn ended(&self, run: JoinHandle<()>) {
        patiently("the server drains", run).await.unwrap();
        patiently("every task lets go of the store", async {
            while self.store.strong_count() > 0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let forgotten = self.running.is_some() && !std::thread::panicking();
        assert!(!forgotten, "end the test with finish(), which checks what is left over");
    }
}
