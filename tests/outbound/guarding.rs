//! Nobody has us knock on a door of our own network, however the address is written and whoever names it.

use std::{net::IpAddr, sync::Arc};

use reportwire::delivery::webhook::{Policy, SendError, check_url};
use url::Url;

use crate::{
    receiver::{Receiver, answer},
    spellings::{AT_THE_TRAP, ELSEWHERE},
    subject::{Liar, post, sender},
};

const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// A trap on every loopback address, on one port.
async fn traps() -> (Receiver, Receiver) {
    let v4 = Receiver::answering(answer(200, "", "caught")).await;
    let v6 = Receiver::at(("::1".parse().unwrap(), v4.address.port()), answer(200, "", "caught")).await;
    (v4, v6)
}

#[tokio::test]
async fn no_spelling_of_a_special_address_is_accepted_or_dialled() {
    let (v4, v6) = traps().await;
    let policy = Policy { allow_http: true, allow: Vec::new() };
    let sender = sender(&[]);
    for spelling in AT_THE_TRAP.iter().chain(&ELSEWHERE) {
        let text = spelling.replace("PORT", &v4.address.port().to_string());
        let said = check_url(&text, &policy).expect_err(&text);
        assert!(said.contains("may not be reached"), "{text}: {said}");
        // as if it had been accepted under other rules
        let sent = post(&sender, &Url::parse(&text).unwrap()).await;
        assert!(matches!(sent.result, Err(SendError::Address { .. })), "{text}: {sent:?}");
    }
    assert_eq!((v4.knocks(), v6.knocks()), (0, 0));
}

#[tokio::test]
async fn the_same_spellings_are_reached_when_their_networks_are_allowed() {
    let (v4, v6) = traps().await;
    let allow = ["127.0.0.0/8", "0.0.0.0/32", "::1/128", "::/128"];
    let policy =
        Policy { allow_http: true, allow: allow.iter().map(|network| network.parse().unwrap()).collect() };
    let sender = sender(&allow);
    for spelling in AT_THE_TRAP {
        let text = spelling.replace("PORT", &v4.address.port().to_string());
        let url = Url::parse(&text).unwrap();
        if url.username().is_empty() {
            assert_eq!(check_url(&text, &policy).as_ref(), Ok(&url), "{text}");
        }
        let sent = post(&sender, &url).await;
        assert_eq!(sent.result.map(|answer| answer.status), Ok(200), "{text}");
    }
    assert_eq!(v4.arrived().len() + v6.arrived().len(), AT_THE_TRAP.len());
}

#[tokio::test]
async fn a_name_that_leads_to_a_special_address_is_not_dialled() {
    let (v4, v6) = traps().await;
    let url: Url = format!("http://inside.example:{}/", v4.address.port()).parse().unwrap();
    for addresses in [
        ["127.0.0.1"].as_slice(),
        &["::1"],
        &["::ffff:127.0.0.1"],
        &["0.0.0.0"],
        &["10.0.0.1", "127.0.0.1", "::1"],
        &["64:ff9b::7f00:1"],
    ] {
        let sender = sender(&[]).with_resolver(Arc::new(Liar::answering(&[addresses])));
        let sent = post(&sender, &url).await;
        let Err(SendError::Address { address, .. }) = sent.result else { panic!("{addresses:?}: {sent:?}") };
        assert!(addresses.contains(&address.to_string().as_str()) || address == LOOPBACK, "{address}");
    }
    assert_eq!((v4.knocks(), v6.knocks()), (0, 0));
}

#[tokio::test]
async fn a_name_is_looked_up_once_for_each_connection_and_that_answer_is_dialled() {
    // no keep-alive: every attempt needs a connection of its own
    let close = answer(200, "connection: close\r\n", "");
    let open = Receiver::at(("127.0.0.2".parse().unwrap(), 0), close.clone()).await;
    let trap = Receiver::at((LOOPBACK, open.address.port()), close).await;
    let liar = Arc::new(Liar::answering(&[&["127.0.0.2"], &["127.0.0.1"], &["127.0.0.2"]]));
    let sender = sender(&["127.0.0.2/32"]).with_resolver(Arc::clone(&liar) as Arc<_>);
    let url: Url = format!("http://rebinding.example:{}/", open.address.port()).parse().unwrap();

    assert_eq!(post(&sender, &url).await.result.unwrap().status, 200);
    assert!(matches!(post(&sender, &url).await.result, Err(SendError::Address { .. })));
    assert_eq!(post(&sender, &url).await.result.unwrap().status, 200, "a name that was mended is reached");
    assert_eq!((open.knocks(), trap.knocks()), (2, 0));
    assert_eq!(*liar.asked.lock().unwrap(), ["rebinding.example"; 3]);
}

#[tokio::test]
async fn of_several_addresses_only_those_that_may_be_reached_are_tried() {
    let open = Receiver::at(("127.0.0.2".parse().unwrap(), 0), answer(204, "", "")).await;
    let trap = Receiver::at((LOOPBACK, open.address.port()), answer(200, "", "")).await;
    // nobody listens at the second
    let addresses = ["127.0.0.1", "127.0.0.3", "127.0.0.2"];
    let sender = sender(&["127.0.0.2/31"]).with_resolver(Arc::new(Liar::answering(&[addresses.as_slice()])));
    let url: Url = format!("http://many.example:{}/", open.address.port()).parse().unwrap();
    assert_eq!(post(&sender, &url).await.result.unwrap().status, 204);
    assert_eq!((open.knocks(), trap.knocks()), (1, 0));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_a_way() {
    let trap = Receiver::answering(answer(200, "", "caught")).await;
    for status in [300, 301, 302, 303, 305, 307, 308] {
        let location = format!("location: http://{}/\r\n", trap.address);
        let open = Receiver::at(("127.0.0.2".parse().unwrap(), 0), answer(status, &location, "")).await;
        let sent = post(&sender(&["127.0.0.2/32", "127.0.0.1/32"]), &open.url()).await;
        assert_eq!(sent.result.unwrap().status, status);
        assert_eq!(open.arrived().len(), 1);
    }
    assert_eq!(trap.knocks(), 0);
}

#[tokio::test]
async fn plain_http_is_not_spoken_unless_it_is_allowed() {
    let trap = Receiver::answering(answer(200, "", "caught")).await;
    let policy = Policy { allow_http: false, allow: vec!["127.0.0.0/8".parse().unwrap()] };
    let sender = reportwire::delivery::webhook::Sender::new(policy, "reports.example.com".to_owned());
    assert_eq!(post(&sender, &trap.url()).await.result, Err(SendError::Unsendable));
    assert_eq!(trap.knocks(), 0);
}
