//! A network that can be cut, and one that swallows what it is sent.

use std::net::SocketAddr;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// What the network does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Everything arrives. The number says how often it was cut before.
    Whole(usize),
    /// Nothing arrives, and nobody is told.
    Stalled,
}

/// A way to a server, on a port of its own.
pub(crate) struct Proxy {
    port: u16,
    state: watch::Sender<State>,
    cuts: std::sync::atomic::AtomicUsize,
}

impl Proxy {
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let state = watch::Sender::new(State::Whole(0));
        let watching = state.clone();
        tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                tokio::spawn(pass(stream, SocketAddr::from(([127, 0, 0, 1], port)), watching.subscribe()));
            }
        });
        Self { port: own, state, cuts: 0.into() }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Every connection breaks; new ones can be made.
    pub(crate) fn cut(&self) {
        let cuts = self.cuts.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
        self.state.send_replace(State::Whole(cuts));
    }

    /// From now on nothing arrives, until it is cut.
    pub(crate) fn stall(&self) {
        self.state.send_replace(State::Stalled);
    }
}

async fn pass(mut stream: TcpStream, to: SocketAddr, mut state: watch::Receiver<State>) {
    let Ok(mut server) = TcpStream::connect(to).await else { return };
    loop {
        let now = *state.borrow_and_update();
        match now {
            State::Stalled => {
                // held open, and nothing is read or written any more
                let _ = state.changed().await;
                return;
            }
            State::Whole(_) => {
                tokio::select! {
                    _ = copy_bidirectional(&mut stream, &mut server) => return,
                    _ = state.changed() => {
                        if *state.borrow() != State::Stalled {
                            return;
                        }
                    }
                }
            }
        }
    }
}
