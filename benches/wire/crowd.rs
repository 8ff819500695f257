//! Ten thousand clients in a process of their own, and the line to it.
//!
//! The process is this program again. It reads the paths of the sockets from stdin, one a line, says
//! `seated` when every socket has its first frame, and `heard` when every socket has its second.

use std::{
    io::{BufRead as _, BufReader, Lines, Write as _},
    net::SocketAddr,
    process::{Child, ChildStdout, Command, Stdio},
    sync::Arc,
};

use tokio::{sync::Semaphore, task::JoinSet};

use super::client::{self, Socket};

/// The argument that makes this program a crowd.
pub(crate) const COMMAND: &str = "crowd";

/// How many clients there are in one.
pub(crate) const SIZE: usize = 10_000;

/// How many connect at once; the accept queue of the server has an end.
const CONNECTING: usize = 64;

/// The line to a crowd. Dropping it ends the crowd.
pub(crate) struct Crowd {
    process: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl Crowd {
    /// Opens one socket for each path, and returns when each has its first frame.
    pub(crate) fn seat(address: SocketAddr, paths: &[String]) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(COMMAND).arg(address.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        process.stdin.take().unwrap().write_all(paths.join("\n").as_bytes()).unwrap();
        let said = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut crowd = Self { process, said };
        crowd.listen("seated");
        crowd
    }

    /// The id of its process.
    #[allow(dead_code, reason = "not every bench looks at it")]
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Returns when each socket has its second frame.
    pub(crate) fn heard(&mut self) {
        self.listen("heard");
    }

    fn listen(&mut self, expected: &str) {
        assert_eq!(self.said.next().unwrap().unwrap(), expected);
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// The crowd itself.
pub(crate) fn main(address: SocketAddr) {
    let paths: Vec<String> = std::io::stdin().lines().map(Result::unwrap).collect();
    client::runtime().block_on(async {
        let gate = Arc::new(Semaphore::new(CONNECTING));
        let mut seating = JoinSet::new();
        for path in paths {
            let permit = Arc::clone(&gate).acquire_owned().await.unwrap();
            seating.spawn(async move {
                let _permit = permit;
                let mut socket = Socket::open(address, &path, false).await;
                socket.until(1).await;
                socket
            });
        }
        let mut hearing = JoinSet::new();
        for mut socket in seating.join_all().await {
            hearing.spawn(async move {
                socket.until(2).await;
                socket
            });
        }
        println!("seated");
        let sockets = hearing.join_all().await;
        println!("heard");
        // they stay open until the process ends
        std::future::pending::<()>().await;
        drop(sockets);
    });
}
