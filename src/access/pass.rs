//! Leave to do one kind of thing.

use std::net::IpAddr;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{Caller, Denied, Gate, Proved};
use crate::report::{Owner, ReportId, Scope};

/// Leave to do one kind of thing with the reports of one owner, or with one report. Whoever holds one was let in.
#[derive(Clone, Debug)]
pub struct Pass {
    what: What,
    /// Who it is, as far as is known, for the audit log.
    by: By,
    /// From where.
    from: IpAddr,
    /// When it ends.
    until: Option<Timestamp>,
    /// Cancelled when its holder has to leave.
    leave: CancellationToken,
}

#[derive(Clone, Debug)]
enum What {
    /// Everything that is this owner's.
    Owned(Owner),
    /// This report alone, whosever it is.
    One(ReportId),
}

/// What let its holder in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// A proof of identity.
    Identity(Proved),
    /// A link.
    Link,
}

impl Pass {
    /// The pass of a caller who may do `scope`.
    ///
    /// # Errors
    ///
    /// [`Denied::Scope`].
    pub fn of(gate: &Gate, caller: &Caller, scope: Scope) -> Result<Self, Denied> {
        let identity = &caller.identity;
        identity.require(scope)?;
        Ok(Self {
            what: What::Owned(identity.owner.clone()),
            by: By::Identity(identity.proved.clone()),
            from: caller.address,
            until: identity.until,
            leave: gate.leave(&identity.proved),
        })
    }

    /// The pass of whoever holds a link to `report` that is valid `until` then. The link was checked. Where nobody is
    /// asked who they are, nobody is sent away when it ends.
    pub fn link(gate: &Gate, report: ReportId, until: Timestamp, from: IpAddr) -> Self {
        let (leave, until) = gate.leave_of_link(until);
        Self { what: What::One(report), by: By::Link, from, until, leave }
    }

    /// Whose reports it is for; `None` for a link, which is for one.
    pub fn owner(&self) -> Option<&Owner> {
        match &self.what {
            What::Owned(owner) => Some(owner),
            What::One(_) => None,
        }
    }

    /// Whether it is for this report, as far as that can be said without looking at its owner.
    pub(super) fn covers(&self, report: ReportId) -> bool {
        match &self.what {
            What::Owned(_) => true,
            What::One(one) => *one == report,
        }
    }

    /// What let its holder in.
    pub fn by(&self) -> &By {
        &self.by
    }

    /// From where it is used.
    pub fn from(&self) -> IpAddr {
        self.from
    }

    /// When it ends.
    pub fn until(&self) -> Option<Timestamp> {
        self.until
    }

    /// Cancelled when its holder has to leave at once, as [`Gate::leave`] says.
    pub fn leave(&self) -> &CancellationToken {
        &self.leave
    }
}
