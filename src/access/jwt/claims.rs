//! What a token says, and what of it is believed.

use jiff::Timestamp;
use jsonwebtoken::Validation;
use serde_json::{Map, Value};

use crate::{
    config::JwtSettings,
    report::{Owner, Scopes},
};

/// By how much the clocks of two machines may differ, in seconds.
const LEEWAY: i64 = 60;

/// The end of the year 9999, in seconds since 1970.
const LATEST: i64 = 253_402_300_799;

/// Which claims are asked for.
pub(super) struct Claims {
    issuer: String,
    audience: String,
    owner: String,
    scope: String,
}

impl Claims {
    pub(super) fn of(settings: &JwtSettings) -> Self {
        Self {
            issuer: settings.issuer.clone(),
            audience: settings.audience.clone(),
            owner: settings.owner_claim.clone(),
            scope: settings.scope_claim.clone(),
        }
    }

    /// What is checked together with the signature. Times are not: those are judged by our clock.
    pub(super) fn ask(&self, validation: &mut Validation) {
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation.validate_exp = false;
        validation.validate_nbf = false;
    }

    /// Whom the claims name, what they may do and until when, if they are valid at `now`.
    pub(super) fn read(
        &self,
        claims: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<(Owner, Scopes, Timestamp), &'static str> {
        let now = now.as_second();
        let until = time(claims.get("exp")).ok_or("exp is no time")?.saturating_add(LEEWAY);
        if now >= until {
            return Err("it has expired");
        }
        if let Some(from) = claims.get("nbf")
            && now < time(Some(from)).ok_or("nbf is no time")?.saturating_sub(LEEWAY)
        {
            return Err("it is not valid yet");
        }
        let owner = claims.get(&self.owner).and_then(Value::as_str).ok_or("the owner's claim is no text")?;
        let owner = owner.parse().map_err(|_| "the owner's claim names nobody")?;
        let scopes = match claims.get(&self.scope) {
            None => Scopes::usual(),
            Some(Value::String(words)) => Scopes::among(words.split_ascii_whitespace()),
            Some(Value::Array(words)) => Scopes::among(words.iter().filter_map(Value::as_str)),
            Some(_) => return Err("the scopes are neither a text nor a list"),
        };
        let until = Timestamp::from_second(until).unwrap_or(Timestamp::MAX);
        Ok((owner, scopes, until))
    }
}

/// A NumericDate (RFC 7519, section 2) in whole seconds.
fn time(value: Option<&Value>) -> Option<i64> {
    let value = value?;
    let seconds = value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds.floor() as i64))?;
    // further than any calendar goes is a mistake, as milliseconds are
    (1..=LATEST).contains(&seconds).then_some(seconds)
}
