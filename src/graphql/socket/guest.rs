//! Who is at the other end of a socket.

use std::{net::IpAddr, sync::Arc};

use crate::{
    access::{Caller, Gate},
    delivery::Stay,
    graphql::Sender,
};

/// Who is at the other end of a socket: known from the handshake, or from what is shown when the conversation begins.
pub struct Guest {
    /// Who comes in.
    pub gate: Arc<Gate>,
    /// Who it is, if that is known yet.
    pub caller: Option<Caller>,
    /// Scheme and authority of the links of a report that they ask for.
    pub url: String,
    /// From where they come.
    pub address: IpAddr,
}

impl Guest {
    /// Takes what they show when the conversation begins. Whether they may come in.
    pub(super) async fn show(&mut self, credential: Option<&str>) -> bool {
        if credential.is_some() {
            let identity = self.gate.identify(credential).await.ok();
            self.caller = identity.map(|identity| Caller { identity, address: self.address });
        }
        self.caller.is_some()
    }

    /// How long they may stay, if it is known who they are.
    pub(super) fn stay(&self) -> Option<Stay> {
        let identity = &self.caller.as_ref()?.identity;
        Some(Stay::new(self.gate.leave(&identity.proved), identity.until, self.gate.now()))
    }

    /// Who sends an operation.
    pub(super) fn sender(&self) -> Option<Sender> {
        Some(Sender { url: self.url.clone(), caller: self.caller.clone()? })
    }
}
