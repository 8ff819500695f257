//! A receiver of webhooks: a real HTTP server whose answer a test chooses, and which counts who knocks.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

/// A request as it arrived: the line, the headers by lower-case name, the body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arrived {
    pub(crate) line: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    knocks: Arc<AtomicUsize>,
    arrived: Arc<Mutex<Vec<Arrived>>>,
}

impl Receiver {
    /// A receiver at `address` that answers every request with the bytes of `answer`.
    pub(crate) async fn at(address: (IpAddr, u16), answer: impl Into<Vec<u8>>) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (knocks, arrived) = (Arc::<AtomicUsize>::default(), Arc::<Mutex<Vec<Arrived>>>::default());
        let answer: Arc<[u8]> = answer.into().into();
        let receiver = Self { address, knocks: Arc::clone(&knocks), arrived: Arc::clone(&arrived) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                knocks.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, Arc::clone(&answer), Arc::clone(&arrived)));
            }
        });
        receiver
    }

    /// A receiver on loopback.
    pub(crate) async fn answering(answer: impl Into<Vec<u8>>) -> Self {
        Self::at((IpAddr::from([127, 0, 0, 1]), 0), answer).await
    }

    pub(crate) fn url(&self) -> url::Url {
        format!("http://{}/hook", self.address).parse().unwrap()
    }

    /// How many connections were made to it.
    pub(crate) fn knocks(&self) -> usize {
        self.knocks.load(Ordering::SeqCst)
    }

    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.arrived.lock().unwrap().clone()
    }
}

/// A plain answer.
pub(crate) fn answer(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}

async fn serve(stream: TcpStream, answer: Arc<[u8]>, arrived: Arc<Mutex<Vec<Arrived>>>) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await {
        arrived.lock().unwrap().push(request);
        if stream.write_all(&answer).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Arrived> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let line = lines.remove(0);
    let headers: HashMap<String, String> = lines
        .iter()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |text| text.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Arrived { line, headers, body })
}
