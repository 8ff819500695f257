//! The whole server over real sockets: who comes when, what goes wrong, and that nothing is left behind.

mod connecting;
mod delivering;
mod freezing;
mod support;
mod working;
