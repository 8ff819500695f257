//! What an installation that is simulated consists of, who asks it, and what is seen of it.

/// What a run is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    /// Nodes that clients ask.
    pub(crate) web: usize,
    /// Nodes that they do not. Where all share their cores, all nodes work; else only these.
    pub(crate) workers: usize,
    /// How many reports a node renders at once.
    pub(crate) permits: usize,
    /// Whether reports are only created, and held back.
    pub(crate) held: bool,
    pub(crate) clients: Clients,
    pub(crate) cores: Cores,
    /// How long it lasts, in seconds.
    pub(crate) seconds: f64,
}

/// Who asks for reports.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Clients {
    /// So many, each the next report when it has been told of the last.
    OneAfterAnother(usize),
    /// So many reports a second, whenever they come.
    EachSecond(f64),
}

/// Who has which cores.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cores {
    /// All of them share so many, as on the machine of the measurements.
    Shared(usize),
    /// A node has so many, the database so many, and clients are elsewhere.
    Apart { node: usize, database: usize },
}

/// What was seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) created: usize,
    pub(crate) told: usize,
    pub(crate) commits: usize,
    /// From the request to the 201, in microseconds.
    pub(crate) create_times: Vec<f64>,
    /// From the commit of a settlement to the frame at the client.
    pub(crate) tell_times: Vec<f64>,
}
