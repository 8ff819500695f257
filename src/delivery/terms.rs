//! What a client may ask of the delivery: the members `deliver` and `callbackUrl` of a request, read and
//! checked as far as that goes without the network.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{
    email::check_address,
    webhook::{Policy, check_url},
};
use crate::report::{Channel, Deliver, EventType, Fault};

/// The longest that a request may have the server wait for anything, in seconds.
const MOST_SECONDS: u32 = 86_400;

/// What this server offers.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Where webhooks may go.
    pub policy: Policy,
    /// Whether it can send e-mail.
    pub mail: bool,
}

impl Terms {
    /// Reads the delivery that a request asks for, and adds whatever is wrong with it to `faults`.
    pub fn read(
        &self,
        deliver: Option<Value>,
        callback: Option<Value>,
        faults: &mut Vec<Fault>,
    ) -> (Deliver, Option<String>) {
        let callback = callback.and_then(|value| self.callback(&value, faults));
        let deliver = match deliver {
            None => Deliver::default(),
            Some(Value::Object(members)) => self.deliver(members, callback.is_some(), faults),
            Some(_) => {
                faults.push(Fault::at("deliver", "must be an object such as {\"waitForClientSeconds\": 60}"));
                Deliver::default()
            }
        };
        (deliver, callback)
    }

    /// Where the events of an endpoint go: an `https:` URL, or a `mailto:` address.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as a phrase for the client.
    pub fn endpoint_url(&self, text: &str) -> Result<String, String> {
        let is_mail = text.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("mailto:"));
        match text.get(7..).filter(|_| is_mail) {
            Some(_) if !self.mail => Err("this server sends no e-mail".into()),
            Some(address) if address.starts_with('/') || address.contains(['%', '?']) => {
                Err("what follows mailto: has to be one bare address, as in ada@example.com".into())
            }
            Some(address) => check_address(address).map(|address| format!("mailto:{address}")),
            None => check_url(text, &self.policy).map(String::from),
        }
    }

    fn callback(&self, value: &Value, faults: &mut Vec<Fault>) -> Option<String> {
        let read = match value {
            Value::String(text) => check_url(text, &self.policy),
            _ => Err("must be a URL in a string".into()),
        };
        read.map_err(|fault| faults.push(Fault::at("callbackUrl", fault))).ok().map(String::from)
    }

    fn deliver(
        &self,
        mut members: Map<String, Value>,
        is_called_back: bool,
        faults: &mut Vec<Fault>,
    ) -> Deliver {
        let before = faults.len();
        let usual = Deliver::default();
        let mut seconds = |name, least, usual| {
            let expected = format!("must be a whole number of seconds from {least} to {MOST_SECONDS}");
            let given = member::<u32>(&mut members, name, &expected, faults);
            match given {
                Some(given) if !(least..=MOST_SECONDS).contains(&given) => {
                    faults.push(fault(name, expected));
                    usual
                }
                given => given.unwrap_or(usual),
            }
        };
        let wait_for_client_seconds = seconds("waitForClientSeconds", 0, usual.wait_for_client_seconds);
        let ack_within_seconds = seconds("ackWithinSeconds", 1, usual.ack_within_seconds);
        let preferences =
            "must list some of \"websocket\", \"webhook\" and \"email\", each once, the first choice first";
        let prefer: Vec<Channel> = member(&mut members, "prefer", preferences, faults).unwrap_or_default();
        let is_choice =
            |channel: &Channel| matches!(channel, Channel::Websocket | Channel::Webhook | Channel::Email);
        let is_once = |(at, channel): (usize, &Channel)| !prefer[..at].contains(channel);
        if !prefer.iter().all(is_choice) || !prefer.iter().enumerate().all(is_once) {
            faults.push(fault("prefer", preferences));
        }
        let names: Vec<_> = EventType::ALL.into_iter().map(|event| format!("{:?}", event.name())).collect();
        let expected = format!("must list one or more of {}", names.join(", "));
        let events: Option<Vec<EventType>> = member(&mut members, "events", &expected, faults);
        let is_known = |events: &Vec<EventType>| events.iter().all(|event| EventType::ALL.contains(event));
        if events.as_ref().is_some_and(|events| events.is_empty() || !is_known(events)) {
            faults.push(fault("events", expected));
        }
        let email: Option<String> = member(&mut members, "email", "must be an address in a string", faults);
        let email = email.and_then(|text| match check_address(&text) {
            _ if !self.mail => {
                faults.push(fault("email", "this server sends no e-mail"));
                None
            }
            Ok(address) => Some(address.to_string()),
            Err(wrong) => {
                faults.push(fault("email", wrong));
                None
            }
        });
        let known = "waitForClientSeconds, ackWithinSeconds, prefer, events and email";
        faults.extend(members.keys().map(|name| fault(name, format!("is not known; there are {known}"))));
        // what is missing is only worth a word when nothing is wrong with what is there
        if faults.len() == before {
            if prefer.contains(&Channel::Webhook) && !is_called_back {
                faults.push(fault("prefer", "names the webhook, but there is no callbackUrl"));
            }
            if events.is_some() && !is_called_back {
                faults.push(fault("events", "are for the callback URL, but there is no callbackUrl"));
            }
            if prefer.contains(&Channel::Email) && email.is_none() {
                faults.push(fault("prefer", "names e-mail, but there is no deliver.email"));
            }
        }
        Deliver { wait_for_client_seconds, prefer, ack_within_seconds, email, events }
    }
}

fn fault(name: &str, detail: impl Into<String>) -> Fault {
    let Fault { pointer, detail } = Fault::at(name, detail);
    Fault { pointer: format!("/deliver{pointer}"), detail }
}

fn member<T: DeserializeOwned>(
    members: &mut Map<String, Value>,
    name: &str,
    expected: &str,
    faults: &mut Vec<Fault>,
) -> Option<T> {
    let value = members.remove(name)?;
    serde_json::from_value(value).map_err(|_| faults.push(fault(name, expected))).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn terms(mail: bool) -> Terms {
        Terms { policy: Policy::default(), mail }
    }

    fn faults(mail: bool, deliver: Value, callback: Option<Value>) -> Vec<String> {
        let mut faults = Vec::new();
        terms(mail).read(Some(deliver), callback, &mut faults);
        faults.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.detail)).collect()
    }

    #[test]
    fn what_is_asked_for_is_read_whole() {
        let deliver = json!({
            "prefer": ["websocket", "webhook", "email"], "ackWithinSeconds": 5, "waitForClientSeconds": 0,
            "email": "ada@example.com", "events": ["report.failed", "report.progress"],
        });
        let mut faults = Vec::new();
        let callback = Some(json!("https://example.com/hook"));
        let (deliver, callback) = terms(true).read(Some(deliver), callback, &mut faults);
        assert_eq!(faults, []);
        assert_eq!(callback.as_deref(), Some("https://example.com/hook"));
        let expected = Deliver {
            wait_for_client_seconds: 0,
            prefer: vec![Channel::Websocket, Channel::Webhook, Channel::Email],
            ack_within_seconds: 5,
            email: Some("ada@example.com".into()),
            events: Some(vec![EventType::Failed, EventType::Progress]),
        };
        assert_eq!(deliver, expected);
    }

    #[test]
    fn everything_that_is_wrong_is_named_where_it_stands() {
        let deliver = json!({
            "prefer": ["websocket", "pigeon"], "ackWithinSeconds": 0, "waitForClientSeconds": 90_000,
            "email": "ada", "events": ["endpoint.test"], "waitforclient": 1,
        });
        let said = faults(true, deliver, Some(json!("ftp://example.com")));
        let pointers: Vec<_> = said.iter().filter_map(|fault| fault.split(' ').next()).collect();
        let expected = [
            "/callbackUrl",
            "/deliver/waitForClientSeconds",
            "/deliver/ackWithinSeconds",
            "/deliver/prefer",
            "/deliver/events",
            "/deliver/email",
            "/deliver/waitforclient",
        ];
        assert_eq!(pointers, expected, "{said:#?}");
    }

    #[test]
    fn a_preference_needs_what_it_names() {
        let table = [
            (
                json!({"prefer": ["webhook"]}),
                "/deliver/prefer names the webhook, but there is no callbackUrl",
            ),
            (json!({"prefer": ["email"]}), "/deliver/prefer names e-mail, but there is no deliver.email"),
            (json!({"prefer": ["sse"]}), "/deliver/prefer must list some of"),
            (json!({"prefer": ["webhook", "webhook"]}), "/deliver/prefer must list some of"),
            (json!({"events": ["report.failed"]}), "/deliver/events are for the callback URL"),
            (json!({"events": []}), "/deliver/events must list one or more of"),
            (json!([]), "/deliver must be an object"),
        ];
        for (deliver, expected) in table {
            let said = faults(true, deliver.clone(), None);
            assert!(said.len() == 1 && said[0].starts_with(expected), "{deliver}: {said:?}");
        }
        let said = faults(false, json!({"email": "ada@example.com"}), Some(json!(7)));
        for odd in ["mailto://ada@example.com", "mailto:ada%40b@example.com", "mailto:a@b.example?subject=x"]
        {
            assert!(terms(true).endpoint_url(odd).is_err(), "{odd}");
        }
        assert_eq!(
            terms(true).endpoint_url("MAILTO:ada@example.com").as_deref(),
            Ok("mailto:ada@example.com")
        );
        assert_eq!(
            said,
            ["/callbackUrl must be a URL in a string", "/deliver/email this server sends no e-mail"]
        );
    }
}
