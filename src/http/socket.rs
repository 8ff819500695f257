//! `GET …/ws`: a socket and its place at the hub. What can be refused is refused before the socket exists.

use std::sync::Arc;

use hyper::upgrade::OnUpgrade;

use super::{
    Answer, Api, Connection, Visitor, listen, report_id,
    upgrade::{self, Bare},
};
use crate::{
    access::Met,
    delivery::{
        Due, Stay,
        websocket::{Cancel, Session, accept},
    },
    metrics::Way,
    report::{Channel, Problem, ReportId, Scope},
    token::Action,
};

pub(super) async fn open(
    id: String,
    api: Arc<Api>,
    visitor: Visitor,
    upgrade: Option<OnUpgrade>,
    connection: Option<Connection>,
) -> Answer {
    let id = report_id(&id)?;
    let (key, upgrade) = upgrade::shake(&visitor.headers, upgrade)?;
    let protocol = visitor.protocol()?;
    let pass = api.entry(&visitor, Action::Follow, id).await?;
    let keep = visitor.parameter("keep").is_some_and(|value| value != "0");

    let cursor = listen::cursor(&visitor.query, "since")?;

    api.metrics.asked(Way::Websocket);
    let Met { subscription, frame, place, .. } = api.reports.meet(&pass, id).await?;
    if let (Due::Nothing, Some(version), false) = (frame.due(cursor), cursor, frame.is_known()) {
        api.acknowledged(&pass, id, version, Channel::Websocket).await;
    }
    let stay = Stay::new(pass.leave().clone(), pass.until(), api.gate.now());
    let cancel = canceller(&api, &visitor, id).await;
    let (peer, listening) = (Arc::clone(&api.peer), api.metrics.listening(Way::Websocket));
    api.tasks.spawn(async move {
        let Ok(upgraded) = upgrade.await else { return };
        // each session is run without a name for its socket, and all but the usual one in a box: the task would be as
        // large as the largest of them
        let largest = peer.largest;
        match upgrade::bare(upgraded) {
            Bare::Plain(stream, read) => {
                let socket = accept(stream, read, largest).await;
                Session::new(socket, subscription, frame, keep, cursor, peer, stay, cancel).run().await;
            }
            Bare::Tls(stream, read) => {
                let socket = accept(stream, read, largest).await;
                Box::pin(Session::new(socket, subscription, frame, keep, cursor, peer, stay, cancel).run())
                    .await;
            }
            Bare::Wrapped(stream) => {
                let socket = accept(stream, Vec::new(), largest).await;
                Box::pin(Session::new(socket, subscription, frame, keep, cursor, peer, stay, cancel).run())
                    .await;
            }
        }
        drop((connection, listening, place));
    });

    Ok(upgrade::switching(key, protocol))
}

/// What cancels the report for this client, if they may: a link does not say so, but they may have shown more than that.
async fn canceller(api: &Arc<Api>, visitor: &Visitor, id: ReportId) -> Option<Cancel> {
    let pass = api.pass(visitor, Scope::Cancel).await.ok()?;
    let reports = Arc::clone(&api.reports);
    Some(Box::new(move || {
        let (reports, pass) = (Arc::clone(&reports), pass.clone());
        Box::pin(async move { reports.cancel(&pass, id).await.map_err(Problem::from) })
    }))
}
