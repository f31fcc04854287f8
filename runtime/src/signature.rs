//! Whether a webhook call comes from whom it says: checks on the raw body, before it is parsed.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use masar_engine::{Json, Timestamp};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// Timestamps in signatures may be this old or this far ahead (Standard Webhooks, Stripe, Slack).
const TOLERANCE_S: u64 = 300;

/// Why a call is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// No header.
    #[error("the header {0} is missing")]
    Missing(String),
    /// It does not fit.
    #[error("the signature or secret in {0} is wrong")]
    Wrong(String),
    /// It is too old, or from the future.
    #[error("the timestamp in {0} is more than five minutes away from now")]
    Stale(String),
    /// The trigger's settings make no sense.
    #[error("the trigger's auth settings: {0}")]
    Settings(String),
}

fn mac(secret: &[u8], parts: &[&[u8]]) -> Result<Vec<u8>, SignatureError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret)
        .map_err(|error| SignatureError::Settings(error.to_string()))?;
    parts.iter().for_each(|part| mac.update(part));
    Ok(mac.finalize().into_bytes().to_vec())
}

fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

fn hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

/// Checks a call against a trigger's `auth` settings. `header` looks a header up by lower-case name.
pub fn check(
    auth: &Json,
    secret: &str,
    header: &dyn Fn(&str) -> Option<String>,
    body: &[u8],
    now: Timestamp,
) -> Result<(), SignatureError> {
    let text =
        |name: &str, default: &str| auth.get(name).and_then(Json::as_str).unwrap_or(default).to_owned();
    let need =
        |name: &str| header(&name.to_lowercase()).ok_or_else(|| SignatureError::Missing(name.to_owned()));
    let fresh = |seconds: &str, name: &str| {
        let given: i64 = seconds.parse().map_err(|_| SignatureError::Wrong(name.to_owned()))?;
        // The number is the caller's: any there is, the smallest too.
        if (now.0 / 1_000_000).abs_diff(given) <= TOLERANCE_S {
            Ok(())
        } else {
            Err(SignatureError::Stale(name.to_owned()))
        }
    };
    let signed = |name: &str, prefix: &str, base64: bool, parts: &[&[u8]]| {
        let given = need(name)?;
        let wrong = || SignatureError::Wrong(name.to_owned());
        let text = given.strip_prefix(prefix).ok_or_else(wrong)?;
        let given = if base64 { STANDARD.decode(text).ok() } else { hex(text) };
        if same(&mac(secret.as_bytes(), parts)?, &given.ok_or_else(wrong)?) { Ok(()) } else { Err(wrong()) }
    };
    match text("type", "none").as_str() {
        "none" => Ok(()),
        "secret" => {
            let name = text("header", "X-Webhook-Secret");
            let given = need(&name)?;
            if same(given.as_bytes(), secret.as_bytes()) { Ok(()) } else { Err(SignatureError::Wrong(name)) }
        }
        "hmac" => signed(
            &text("header", "X-Signature"),
            &text("prefix", ""),
            text("encoding", "hex") == "base64",
            &[body],
        ),
        "github" | "meta" => signed("X-Hub-Signature-256", "sha256=", false, &[body]),
        "slack" => {
            let at = need("X-Slack-Request-Timestamp")?;
            fresh(&at, "X-Slack-Request-Timestamp")?;
            signed("X-Slack-Signature", "v0=", false, &[b"v0:", at.as_bytes(), b":", body])
        }
        "stripe" => {
            const NAME: &str = "Stripe-Signature";
            let given = need(NAME)?;
            let part = |name: &str| {
                given
                    .split(',')
                    .filter_map(|item| item.trim().split_once('='))
                    .filter(|(key, _)| *key == name)
                    .map(|(_, value)| value.to_owned())
                    .collect::<Vec<_>>()
            };
            let at = part("t").first().cloned().ok_or_else(|| SignatureError::Wrong(NAME.into()))?;
            fresh(&at, NAME)?;
            let expected = mac(secret.as_bytes(), &[at.as_bytes(), b".", body])?;
            // Several while a secret is being changed.
            let any = part("v1").iter().filter_map(|value| hex(value)).any(|value| same(&value, &expected));
            if any { Ok(()) } else { Err(SignatureError::Wrong(NAME.into())) }
        }
        "standard_webhooks" => {
            let (id, at) = (need("webhook-id")?, need("webhook-timestamp")?);
            fresh(&at, "webhook-timestamp")?;
            let key = secret
                .strip_prefix("whsec_")
                .map_or_else(|| Some(secret.as_bytes().to_vec()), |text| STANDARD.decode(text).ok());
            let key =
                key.ok_or_else(|| SignatureError::Settings("the secret after whsec_ is not base64".into()))?;
            let expected = mac(&key, &[id.as_bytes(), b".", at.as_bytes(), b".", body])?;
            let given = need("webhook-signature")?;
            let any = given
                .split(' ')
                .filter_map(|item| STANDARD.decode(item.strip_prefix("v1,")?).ok())
                .any(|value| same(&value, &expected));
            if any { Ok(()) } else { Err(SignatureError::Wrong("webhook-signature".into())) }
        }
        other => Err(SignatureError::Settings(format!("\"{other}\" is not a kind of auth"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn call(
        auth: &Json,
        secret: &str,
        headers: &[(&str, String)],
        body: &str,
        now: i64,
    ) -> Result<(), SignatureError> {
        let look = |name: &str| {
            headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
        };
        check(auth, secret, &look, body.as_bytes(), Timestamp(now * 1_000_000))
    }

    #[test]
    fn a_shared_secret() {
        let auth = json!({"type": "secret", "header": "X-Secret"});
        assert_eq!(call(&auth, "abc", &[("x-secret", "abc".into())], "{}", 0), Ok(()));
        assert_eq!(
            call(&auth, "abc", &[("x-secret", "abd".into())], "{}", 0),
            Err(SignatureError::Wrong("X-Secret".into()))
        );
        assert_eq!(call(&auth, "abc", &[], "{}", 0), Err(SignatureError::Missing("X-Secret".into())));
    }

    #[test]
    fn metas_published_vector() {
        // HMAC-SHA256 of "test" under "secret".
        let signature = "sha256=0329a06b62cd16b33eb6792be8c60b158d89a2ee3a876fce9a881ebb488c0914";
        assert_eq!(
            call(&json!({"type": "meta"}), "secret", &[("X-Hub-Signature-256", signature.into())], "test", 0),
            Ok(())
        );
        assert!(
            call(
                &json!({"type": "meta"}),
                "secret",
                &[("X-Hub-Signature-256", signature.into())],
                "test ",
                0
            )
            .is_err()
        );
    }

    #[test]
    fn old_signatures_are_stale() {
        let at = 1_700_000_000;
        let sign = |parts: &[&[u8]]| crate::dispatch::hex(&mac(b"whsec", parts).unwrap());
        let stripe = format!("t={at},v1=00,v1={}", sign(&[at.to_string().as_bytes(), b".", b"{}"]));
        let headers = [("stripe-signature", stripe)];
        assert_eq!(call(&json!({"type": "stripe"}), "whsec", &headers, "{}", at + 299), Ok(()));
        assert_eq!(
            call(&json!({"type": "stripe"}), "whsec", &headers, "{}", at + 301),
            Err(SignatureError::Stale("Stripe-Signature".into()))
        );
        for far in [i64::MIN, i64::MAX] {
            let headers =
                [("X-Slack-Signature", String::new()), ("X-Slack-Request-Timestamp", far.to_string())];
            assert_eq!(
                call(&json!({"type": "slack"}), "whsec", &headers, "{}", at),
                Err(SignatureError::Stale("X-Slack-Request-Timestamp".into()))
            );
        }
        let slack = format!("v0={}", sign(&[b"v0:", at.to_string().as_bytes(), b":", b"{}"]));
        let headers = [("X-Slack-Signature", slack), ("X-Slack-Request-Timestamp", at.to_string())];
        assert_eq!(call(&json!({"type": "slack"}), "whsec", &headers, "{}", at), Ok(()));
    }
}
