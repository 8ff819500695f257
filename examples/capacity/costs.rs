//! What one step costs, as it was measured on one machine. Times are of one core, in microseconds.

use crate::table::{Table, number};

/// How much more each step costs than alone. The only number that is fitted: to what three nodes create for 64 clients.
const CROWDED: f64 = 1.4;

/// The unit costs that everything else is made of.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Costs {
    /// Memory of a quiet socket, each at a report of its own, in KiB.
    pub(crate) socket_kib: f64,
    /// Memory of a node that has nothing to do, in MiB.
    pub(crate) node_mib: f64,
    /// Model and PDF of a coffee report of one page.
    pub(crate) render: f64,
    /// A node: a transaction that creates, how many reports ever.
    pub(crate) node_group: f64,
    /// … and each create in it.
    pub(crate) node_call: f64,
    /// … a create over HTTP beside that.
    pub(crate) node_create: f64,
    /// … a claim that takes something, how much ever.
    pub(crate) node_claim: f64,
    /// … and each task in it.
    pub(crate) node_task: f64,
    /// … a transaction that settles, how many reports ever.
    pub(crate) node_settling: f64,
    /// … and each settlement in it.
    pub(crate) node_settle: f64,
    /// … a transaction with proofs of delivery, how many ever.
    pub(crate) node_proving: f64,
    /// … and each proof in it.
    pub(crate) node_proof: f64,
    /// … a WebSocket from the handshake to its first frame.
    pub(crate) node_socket: f64,
    /// … the last frame to one socket, and Close.
    pub(crate) node_frame: f64,
    /// … a record read and made a frame.
    pub(crate) node_read: f64,
    /// … a look for work that finds none.
    pub(crate) node_look: f64,
    /// … a notification heard.
    pub(crate) node_hint: f64,
    /// … each id in it.
    pub(crate) node_id: f64,
    /// … a ping to a quiet socket, and its answer.
    pub(crate) node_ping: f64,
    /// The database: a transaction that creates, how many reports ever.
    pub(crate) group: f64,
    /// … and each create in it.
    pub(crate) create: f64,
    /// … a look for work that finds none.
    pub(crate) look: f64,
    /// … a claim that takes something, how much ever.
    pub(crate) claim: f64,
    /// … and each task in it.
    pub(crate) task: f64,
    /// … a transaction that settles, how many reports ever.
    pub(crate) settling: f64,
    /// … and each settlement in it.
    pub(crate) settle: f64,
    /// … a transaction with proofs of delivery, how many ever.
    pub(crate) proving: f64,
    /// … and each proof in it.
    pub(crate) proof: f64,
    /// … a record read.
    pub(crate) read: f64,
    /// … a notification, for each node that hears it.
    pub(crate) notify: f64,
    /// … all that becomes of a report when its time is over.
    pub(crate) sweep: f64,
    /// … a node's word of who is connected, twice a second.
    pub(crate) word: f64,
    /// … a report in it whose client came and, later, left.
    pub(crate) presence: f64,
    /// Write-ahead log of a report, in KiB.
    pub(crate) wal_kib: f64,
    /// What a finished report and its model fill in the database, indexes included, in KiB.
    pub(crate) row_kib: f64,
    /// Its file, in KiB.
    pub(crate) file_kib: f64,
    /// A sync of the database's log to its disk.
    pub(crate) sync: f64,
    /// A file put into the bucket, during which its worker waits.
    pub(crate) put: f64,
    /// A file deleted in the bucket.
    pub(crate) delete: f64,
    /// A client that creates, on the machine of the measurements.
    pub(crate) client_create: f64,
    /// … that connects.
    pub(crate) client_socket: f64,
    /// … that is told.
    pub(crate) client_frame: f64,
}

impl Costs {
    /// The costs on the machine of the measurements.
    pub(crate) const fn measured() -> Self {
        Self {
            socket_kib: 3.9,
            node_mib: 17.8,
            render: 2_100.0,
            node_group: 154.0,
            node_call: 3.8,
            node_create: 21.0,
            node_claim: 343.0,
            node_task: 2.3,
            node_settling: 234.0,
            node_settle: 6.2,
            node_proving: 161.0,
            node_proof: 9.2,
            node_socket: 58.0,
            node_frame: 20.0,
            node_read: 42.0,
            node_look: 100.0,
            node_hint: 4.0,
            node_id: 0.3,
            node_ping: 10.0,
            group: 280.0,
            create: 13.7,
            look: 120.0,
            claim: 499.0,
            task: 36.5,
            settling: 373.0,
            settle: 26.6,
            proving: 283.0,
            proof: 17.3,
            read: 24.0,
            notify: 16.2,
            sweep: 65.0,
            word: 230.0,
            presence: 3.4,
            wal_kib: 8.9,
            row_kib: 5.3,
            file_kib: 11.0,
            sync: 120.0,
            put: 20_000.0,
            delete: 20_000.0,
            client_create: 8.0,
            client_socket: 28.0,
            client_frame: 7.0,
        }
    }

    /// As they are where several processes take turns on the same cores and caches, and a machine does one thing after
    /// another: a step that is measured alone, over and over, finds all it needs in the cache.
    pub(crate) fn crowded(self) -> Self {
        let mut costs = self;
        for cost in [
            &mut costs.node_group,
            &mut costs.node_call,
            &mut costs.node_create,
            &mut costs.node_claim,
            &mut costs.node_task,
            &mut costs.node_settling,
            &mut costs.node_settle,
            &mut costs.node_proving,
            &mut costs.node_proof,
            &mut costs.node_socket,
            &mut costs.node_frame,
            &mut costs.node_read,
            &mut costs.node_look,
            &mut costs.node_hint,
            &mut costs.node_id,
            &mut costs.node_ping,
            &mut costs.group,
            &mut costs.create,
            &mut costs.look,
            &mut costs.claim,
            &mut costs.task,
            &mut costs.settling,
            &mut costs.settle,
            &mut costs.proving,
            &mut costs.proof,
            &mut costs.read,
            &mut costs.notify,
            &mut costs.sweep,
            &mut costs.word,
            &mut costs.presence,
        ] {
            *cost *= CROWDED;
        }
        costs
    }

    /// What a transaction costs its node and the database that has so many of each. What is the same for all kinds counts
    /// once: it is as expensive as its most expensive kind, and each call comes on top.
    pub(crate) fn transaction(&self, creates: f64, settlements: f64, proofs: f64) -> (f64, f64) {
        let kinds = [
            (creates, self.node_group, self.node_call, self.group, self.create),
            (settlements, self.node_settling, self.node_settle, self.settling, self.settle),
            (proofs, self.node_proving, self.node_proof, self.proving, self.proof),
        ];
        let present = kinds.into_iter().filter(|kind| kind.0 > 0.0);
        let (mut fixed, mut calls) = ((0.0_f64, 0.0_f64), (0.0, 0.0));
        for (count, here, each_here, there, each_there) in present {
            fixed = (fixed.0.max(here), fixed.1.max(there));
            calls = (calls.0 + count * each_here, calls.1 + count * each_there);
        }
        (fixed.0 + calls.0, fixed.1 + calls.1)
    }

    /// All of them, with where they are from.
    pub(crate) fn table(&self) -> Table {
        const STORE: &str = "`nodes costs`";
        const ASSUMED: &str = "assumed";
        let mut table = Table::new(&["what", "costs", "", "measured by"]);
        for (what, value, unit, source) in [
            ("quiet socket at a report of its own: memory", self.socket_kib, "KiB", "`wire memory`"),
            ("node with nothing to do: memory", self.node_mib, "MiB", "`wire start`"),
            ("coffee report of one page: model and PDF", self.render, "µs", "`wire coffee`"),
            ("node: a transaction that creates", self.node_group, "µs", STORE),
            ("node: … each create in it", self.node_call, "µs", STORE),
            ("node: … HTTP of a create", self.node_create, "µs", STORE),
            ("node: a claim", self.node_claim, "µs", STORE),
            ("node: … each task taken", self.node_task, "µs", STORE),
            ("node: a transaction that settles", self.node_settling, "µs", STORE),
            ("node: … each settlement in it", self.node_settle, "µs", STORE),
            ("node: a transaction with proofs", self.node_proving, "µs", STORE),
            ("node: … each proof in it", self.node_proof, "µs", STORE),
            ("node: a WebSocket to its first frame", self.node_socket, "µs", STORE),
            ("node: the last frame, and Close", self.node_frame, "µs", STORE),
            ("node: a record read and made a frame", self.node_read, "µs", STORE),
            ("node: a look for work that finds none", self.node_look, "µs", STORE),
            ("node: a notification heard", self.node_hint, "µs", STORE),
            ("node: … each id in it", self.node_id, "µs", STORE),
            ("node: a ping and its answer", self.node_ping, "µs", "assumed: half of a frame and Close"),
            ("database: a transaction that creates", self.group, "µs", STORE),
            ("database: … each create in it", self.create, "µs", STORE),
            ("database: a look for work that finds none", self.look, "µs", STORE),
            ("database: a claim", self.claim, "µs", STORE),
            ("database: … each task taken", self.task, "µs", STORE),
            ("database: a transaction that settles", self.settling, "µs", STORE),
            ("database: … each settlement in it", self.settle, "µs", STORE),
            ("database: a transaction with proofs", self.proving, "µs", STORE),
            ("database: … each proof in it", self.proof, "µs", STORE),
            ("database: a record read", self.read, "µs", STORE),
            ("database: a notification, each node that hears it", self.notify, "µs", STORE),
            ("database: the end of a report's time", self.sweep, "µs", STORE),
            ("database: a node's word of presence", self.word, "µs", STORE),
            ("database: … each report in it, come and gone", self.presence, "µs", STORE),
            ("database: write-ahead log of a report", self.wal_kib, "KiB", STORE),
            ("database: disk of a finished report", self.row_kib, "KiB", "`nodes million`"),
            ("bucket: file of a report", self.file_kib, "KiB", "`report`"),
            ("database: a sync to its disk", self.sync, "µs", "head of `nodes`"),
            ("bucket: a file stored", self.put, "µs", ASSUMED),
            ("bucket: a file deleted", self.delete, "µs", ASSUMED),
            ("client: a create", self.client_create, "µs", STORE),
            ("client: a WebSocket", self.client_socket, "µs", STORE),
            ("client: a frame", self.client_frame, "µs", STORE),
        ] {
            table.row([what.into(), number(value), unit.into(), source.into()]);
        }
        table
    }
}
