//! A receiver of webhooks that outlives the server: it notes what arrives and, while it is deaf, answers nothing.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};

use crate::client::LONG;

/// A request, as far as it matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Arrived {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The header `webhook-id`.
    pub(crate) event_id: String,
}

pub(crate) struct Receiver {
    address: SocketAddr,
    deaf: Arc<AtomicBool>,
    answered: Requests,
    held: Requests,
}

impl Receiver {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let deaf = Arc::new(AtomicBool::new(false));
        let ((answer, answered), (hold, held)) = (mpsc::unbounded_channel(), mpsc::unbounded_channel());
        let shared = Arc::clone(&deaf);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared), answer.clone(), hold.clone()));
            }
        });
        Self { address, deaf, answered, held }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Whether it takes requests from now on without a word.
    pub(crate) fn is_deaf(&self, deaf: bool) {
        self.deaf.store(deaf, Ordering::SeqCst);
    }

    /// The next `count` requests that were answered, sorted.
    pub(crate) async fn answered(&mut self, count: usize) -> Vec<Arrived> {
        take(&mut self.answered, count).await
    }

    /// The next `count` requests that were not, sorted.
    pub(crate) async fn held(&mut self, count: usize) -> Vec<Arrived> {
        take(&mut self.held, count).await
    }
}

async fn take(requests: &mut Requests, count: usize) -> Vec<Arrived> {
    let mut taken = Vec::new();
    while taken.len() < count {
        let next = timeout(LONG, requests.recv()).await;
        taken.push(next.unwrap_or_else(|_| panic!("{count} webhooks, not only {taken:?}")).unwrap());
    }
    taken.sort();
    taken
}

type Requests = mpsc::UnboundedReceiver<Arrived>;
type Note = mpsc::UnboundedSender<Arrived>;

async fn serve(stream: TcpStream, deaf: Arc<AtomicBool>, answer: Note, hold: Note) {
    let mut stream = BufReader::new(stream);
    while let Some(arrived) = read(&mut stream).await {
        if deaf.load(Ordering::SeqCst) {
            let _ = hold.send(arrived);
            // until the other side is gone
            let _ = stream.read_to_end(&mut Vec::new()).await;
            return;
        }
        let _ = answer.send(arrived);
        if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.is_err() {
            return;
        }
    }
}

/// The next request on a connection, with its body read and forgotten.
async fn read(stream: &mut BufReader<TcpStream>) -> Option<Arrived> {
    let (mut arrived, mut length) = (Arrived::default(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        let line = line.trim_end();
        match line.split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("webhook-id") => arrived.event_id = value.into(),
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().ok()?
            }
            Some(_) => {}
            None if line.is_empty() => break,
            None => {
                let mut words = line.split(' ').map(str::to_owned);
                (arrived.method, arrived.path) = (words.next()?, words.next()?);
            }
        }
    }
    stream.read_exact(&mut vec![0; length]).await.ok()?;
    Some(arrived)
}
