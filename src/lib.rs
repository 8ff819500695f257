//! reportwire: slow work, pushed to the person who waits for it.
//!
//! Follow one report. A client POSTs a request ([`http`], [`graphql`]) and shows who it is ([`access`]); its parameters are checked ([`intake`]) against the report
//! type ([`catalog`]) and it becomes a [`report`] that the [`store`] syncs to disk before the 201 leaves.
//! A [`work`] loop claims it, [`generate`] makes the model and the file, the file goes into the
//! [`artifact`] store, and the claim is settled in one write. Each committed change sends a hint;
//! [`delivery`] looks at the record again, makes one frame of it, and every socket that is subscribed
//! sends that frame. The client's answer to the Close after the last frame proves that it arrived.
//!
//! Imports point one way: `report`, `value` ← `locale` ← `store`, `artifact`, `catalog`, `metrics` ← `work` ← `data` ←
//! `generate`, `delivery` ← `access`, `intake` ← `graphql` ← `http` ← `server`. [`moving`] takes an installation from one store to another, and serves nobody. `generate` and `delivery` do not know each other: they meet only through the record.

// the words
pub mod locale;
pub mod report;
pub mod value;
// what is kept, and what can be asked for
pub mod artifact;
pub mod catalog;
pub mod store;
// the links of a report, and the signatures that let a link stand for itself
pub mod links;
pub mod token;
pub mod trust;
pub mod vault;
mod watched;
// who may, and who did
pub mod access;
pub mod audit;
// what is counted
pub mod metrics;
// the work
pub mod data;
pub mod generate;
pub mod work;
// the news of it
pub mod delivery;
// what a client may ask for, and in which languages
pub mod graphql;
pub mod intake;
// the way in
pub mod http;
// the whole
pub mod cli;
pub mod config;
pub mod moving;
pub mod server;
pub mod shutdown;
