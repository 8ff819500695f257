//! kill -9, again and again, in the middle of everything.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::{ToSpan as _, civil::date};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::{
    io::AsyncWriteExt as _,
    net::TcpStream,
    sync::{
        Notify,
        mpsc::{UnboundedSender, unbounded_channel},
    },
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use crate::{
    client::{Client, LONG, listen},
    server::Server,
};

const ROUNDS: usize = 20;
const CREATORS: usize = 4;
/// How many requests each creator makes in a round before it only repeats.
const SHARE: usize = 12;
/// As many days as there are; no two reports of this test ask for the same.
const SHOPS: [&str; 5] = ["Αθήνα", "København", "Kraków", "София", "Zürich"];

/// One wish: its key, what is asked for, and the id once a 201 named it.
#[derive(Clone)]
struct Wish {
    key: String,
    day: jiff::civil::Date,
    shop: &'static str,
    id: Option<String>,
}

impl Wish {
    fn number(number: usize) -> Self {
        let day = date(2021, 1, 1) + i64::try_from(number / SHOPS.len()).unwrap().days();
        Self { key: format!("wish-{number}"), day, shop: SHOPS[number % SHOPS.len()], id: None }
    }

    fn order(&self) -> Value {
        json!({ "reportType": "COFFEE_SALES", "reportDate": self.day, "shop": self.shop })
    }

    /// Whether this frame is about what was asked for, its model included.
    fn check(&self, frame: &Value) {
        let report = &frame["report"];
        assert_eq!(report["id"].as_str(), self.id.as_deref());
        for holder in [report, &frame["model"]["parameters"]] {
            assert_eq!(holder["reportDate"], json!(self.day), "{frame}");
            assert_eq!(holder["shop"], json!(self.shop), "{frame}");
        }
        let subtitle = format!("{} · {}", self.day.strftime("%A, %-d %B %Y"), self.shop);
        assert_eq!(frame["model"]["subtitle"], json!(subtitle));
    }
}

/// What the rounds share.
#[derive(Default)]
struct World {
    /// Wishes without an answer, of which nobody knows whether they were heard.
    open: Mutex<VecDeque<Wish>>,
    granted: Mutex<Vec<Wish>>,
    made: AtomicUsize,
    followed: AtomicUsize,
    replayed: AtomicUsize,
    news: Notify,
}

impl World {
    fn next(&self) -> Wish {
        let open = self.open.lock().unwrap().pop_front();
        open.unwrap_or_else(|| Wish::number(self.made.fetch_add(1, Ordering::Relaxed)))
    }

    /// Asks until the server dies. Every third wish is one that was granted before; when the round has had
    /// its share of new ones, all of them are, so that the queue does not outgrow the workers; for that one
    /// creator is enough, who `persists`.
    async fn create(self: Arc<Self>, client: Client, sockets: UnboundedSender<Wish>, persists: bool) {
        for turn in 1_usize.. {
            if turn > SHARE && !persists {
                return;
            }
            if turn.is_multiple_of(3) || turn > SHARE {
                let granted = {
                    let granted = self.granted.lock().unwrap();
                    granted.get(fastrand::usize(..granted.len().max(1))).cloned()
                };
                let Some(wish) = granted else {
                    tokio::task::yield_now().await;
                    continue;
                };
                let Ok((status, replayed, report)) = client.post(&wish.order(), Some(&wish.key)).await else {
                    return;
                };
                assert_eq!((status, replayed), (StatusCode::CREATED, true));
                assert_eq!(report["id"].as_str(), wish.id.as_deref(), "one key, one report");
                self.replayed.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            let mut wish = self.next();
            let Ok((status, _, report)) = client.post(&wish.order(), Some(&wish.key)).await else {
                self.open.lock().unwrap().push_back(wish);
                return;
            };
            assert_eq!(status, StatusCode::CREATED, "{report}");
            wish.id = report["id"].as_str().map(str::to_owned);
            self.granted.lock().unwrap().push(wish.clone());
            self.news.notify_one();
            let _ = sockets.send(wish);
        }
    }

    /// Follows one report. The server may die under it; what it says until then must be true.
    async fn follow(self: Arc<Self>, client: Client, wish: Wish) {
        let Ok(socket) = client.open(wish.id.as_deref().unwrap()).await else { return };
        let story = listen(socket).await;
        if let Some(end) = story.frames.last().filter(|frame| frame["report"]["completed"] == true) {
            wish.check(end);
            self.followed.fetch_add(1, Ordering::Relaxed);
            self.news.notify_one();
        }
    }

    /// Waits until so many more reports were granted and followed to their end than there were.
    async fn more(&self, granted: usize, followed: usize) {
        let count = || (self.granted.lock().unwrap().len(), self.followed.load(Ordering::Relaxed));
        let (had, knew) = count();
        let enough = async {
            while count().0 < had + granted || count().1 < knew + followed {
                self.news.notified().await;
            }
        };
        tokio::time::timeout(LONG, enough).await.expect("the load comes to a stop");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_report_that_was_answered_for_is_lost_or_mixed_up_by_20_kills_under_load() {
    let folder = tempfile::tempdir().unwrap();
    let world = Arc::new(World::default());
    let began = Instant::now();
    for round in 0..ROUNDS {
        let server = Server::start(folder.path());
        let mut load = JoinSet::new();
        let (sockets, mut wanted) = unbounded_channel();
        for creator in 0..CREATORS {
            load.spawn(Arc::clone(&world).create(server.client(), sockets.clone(), creator == 0));
        }
        drop(sockets);
        let (listeners, client, address) = (Arc::clone(&world), server.client(), server.address());
        let dead = CancellationToken::new();
        let until = dead.clone();
        load.spawn(async move {
            let mut following = JoinSet::new();
            for turn in 0_usize.. {
                let Some(wish) = wanted.recv().await else { break };
                if turn.is_multiple_of(5) {
                    following.spawn(ignore(address, wish.id.unwrap(), until.clone()));
                } else {
                    following.spawn(Arc::clone(&listeners).follow(client.clone(), wish));
                }
            }
            following.join_all().await;
        });
        // some rounds end before the first report is ready, others in the thick of it
        let followed = if round % 4 == 0 { 0 } else { 1 + round / 2 };
        world.more(5 + round / 2, followed).await;
        server.kill();
        dead.cancel();
        // what a task has found wrong is a panic, and join_all hands it on
        tokio::time::timeout(LONG, load.join_all()).await.expect("the clients notice");
    }
    let rounds = began.elapsed();

    let server = Server::start(folder.path());
    let client = server.client();
    let granted = world.granted.lock().unwrap().clone();
    for wish in &granted {
        let id = wish.id.as_deref().unwrap();
        let end = client.follow(id).await;
        assert_eq!(end["report"]["status"], "completed", "{end}");
        wish.check(&end);
        assert!(client.file(id).await.starts_with(b"%PDF-"));
        let (_, replayed, again) = client.post(&wish.order(), Some(&wish.key)).await.unwrap();
        assert_eq!((replayed, again["id"].as_str()), (true, Some(id)));
    }
    let replayed = world.replayed.load(Ordering::Relaxed);
    let followed = world.followed.load(Ordering::Relaxed);
    println!("{} reports, {followed} followed, {replayed} repeated, {rounds:?}", granted.len());
    assert!(granted.len() >= 200 && followed >= 75 && replayed > 20, "there was a load");
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
}

/// A client that opens a socket and never reads.
async fn ignore(address: SocketAddr, id: String, dead: CancellationToken) {
    let Ok(mut stream) = TcpStream::connect(address).await else { return };
    let _ = stream.write_all(crate::mute::handshake(&id, address).as_bytes()).await;
    dead.cancelled().await;
}
