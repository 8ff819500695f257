//! What a 201 is worth: the system calls of a server, seen from outside.

use std::{fs, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    client::{LONG, until},
    server::Launch,
    strace::{self, Call},
};

const CREATES: usize = 200;
const READS: &str = "read,readv,recvfrom,recvmsg";
const WRITES: &str = "write,writev,sendto,sendmsg";

#[tokio::test]
async fn the_record_is_synced_to_disk_before_the_first_byte_of_its_201_in_200_of_200_creates() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("trace");
    let traced = format!("trace={READS},{WRITES},pwrite64,fsync,fdatasync");
    // -D: the tracer is the grandchild, so that the server is our child; -yy: files and peers by name
    let mut strace = ["strace", "-D", "-f", "-yy", "-s", "32", "-e", &traced, "-o"].map(Into::into).to_vec();
    strace.push(output.clone().into());
    let mut server = Launch::on(folder.path()).under(strace).start();

    let mut ports = Vec::new();
    for _ in 0..CREATES {
        // a connection for each, whose port is its name in the trace; held back, so that no work on a
        // report syncs anything in between
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        ports.push(stream.local_addr().unwrap().port());
        let body = r#"{"reportType":"COFFEE_SALES","reportDate":"2021-01-01","startWhen":"connected"}"#;
        let head = "POST /api/v1/report HTTP/1.1\r\nContent-Type: application/json\r\nConnection: close\r\n";
        let request =
            format!("{head}Host: {}\r\nContent-Length: {}\r\n\r\n{body}", server.address(), body.len());
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    }
    server.terminate();
    assert!(server.ended(LONG).await.success());
    let trace = until(Duration::from_secs(10), "the end of the trace", async || {
        let trace = fs::read_to_string(&output).unwrap();
        trace.trim_end().ends_with("+++ exited with 0 +++").then_some(trace)
    })
    .await;

    let calls = strace::read(&trace);
    let proved = ports.iter().filter(|port| is_durable(&calls, **port)).count();
    assert_eq!(proved, CREATES, "of {CREATES} answers");
}

/// Whether between the request and its answer the log of the database was written, and synced after that.
fn is_durable(calls: &[Call], port: u16) -> bool {
    let peer = format!(":{port}]>");
    let on_connection = |call: &&Call| call.text.contains(&peer) && call.result > 0;
    let is_one_of = |call: &Call, names: &str| names.split(',').any(|name| name == call.name);
    let read = calls.iter().filter(on_connection).find(|call| is_one_of(call, READS));
    let read = read.unwrap_or_else(|| panic!("no request from port {port}"));
    let answer = calls.iter().filter(on_connection).find(|call| is_one_of(call, WRITES));
    let answer = answer.unwrap_or_else(|| panic!("no answer to port {port}"));
    assert!(answer.text.contains("HTTP/1.1 201"), "{answer:?}");

    let on_log =
        |call: &&Call| call.text.split('>').next().is_some_and(|file| file.ends_with("reportwire.db-wal"));
    let written =
        calls.iter().filter(on_log).find(|call| call.name == "pwrite64" && call.entered > read.returned);
    let Some(written) = written else { return false };
    calls.iter().filter(on_log).any(|call| {
        matches!(call.name.as_str(), "fsync" | "fdatasync")
            && call.result == 0
            && call.entered > written.returned
            && call.returned < answer.entered
    })
}
