//! A mail server that takes a letter when a test says so, and does not answer a farewell.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
};

pub(crate) struct LetterBox {
    address: SocketAddr,
    letters: mpsc::UnboundedReceiver<oneshot::Sender<()>>,
    farewells: mpsc::UnboundedReceiver<()>,
}

/// Where each connection tells what has arrived.
#[derive(Clone)]
struct Tell {
    letter: mpsc::UnboundedSender<oneshot::Sender<()>>,
    farewell: mpsc::UnboundedSender<()>,
}

impl LetterBox {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (letter, letters) = mpsc::unbounded_channel();
        let (farewell, farewells) = mpsc::unbounded_channel();
        let tell = Tell { letter, farewell };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, tell.clone()));
            }
        });
        Self { address, letters, farewells }
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Waits for `count` letters. Each is taken when something is sent to it.
    pub(crate) async fn letters(&mut self, count: usize) -> Vec<oneshot::Sender<()>> {
        let mut letters = Vec::new();
        while letters.len() < count {
            letters.push(self.letters.recv().await.unwrap());
        }
        letters
    }

    /// Waits for `count` farewells.
    pub(crate) async fn farewells(&mut self, count: usize) {
        for _ in 0..count {
            self.farewells.recv().await.unwrap();
        }
    }
}

async fn serve(stream: TcpStream, tell: Tell) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut answer = "220 letter box\r\n";
    let mut is_letter = false;
    loop {
        stream.write_all(answer.as_bytes()).await?;
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        answer = match line.trim_end() {
            "." if is_letter => {
                is_letter = false;
                let (take, taken) = oneshot::channel();
                let _ = tell.letter.send(take);
                let _ = taken.await;
                "250 taken\r\n"
            }
            _ if is_letter => "",
            "DATA" => {
                is_letter = true;
                "354 go on\r\n"
            }
            "QUIT" => {
                let _ = tell.farewell.send(());
                ""
            }
            _ => "250 ok\r\n",
        };
    }
}
