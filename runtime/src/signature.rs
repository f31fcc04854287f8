//! Whether a webhook call comes from whom it says: checks on the raw body, before it is parsed.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use masar_engine::{Json, Timestamp};
use masar_nodes::trigger::webhook::Algorithm;
use ring::hmac;
use sha2::{Digest as _, Sha256};
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

fn mac(algorithm: Algorithm, secret: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let algorithm = match algorithm {
        // Broken for documents, sound inside HMAC (RFC 6151 says so even of MD5).
        Algorithm::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Algorithm::Sha256 => hmac::HMAC_SHA256,
        Algorithm::Sha512 => hmac::HMAC_SHA512,
    };
    let mut context = hmac::Context::with_key(&hmac::Key::new(algorithm, secret));
    parts.iter().for_each(|part| context.update(part));
    context.sign().as_ref().to_vec()
}

/// In a time that does not depend on where they differ.
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
/// While a secret is being changed there are two, and either will do.
pub fn check(
    auth: &Json,
    secrets: &[&str],
    header: &dyn Fn(&str) -> Option<String>,
    body: &[u8],
    now: Timestamp,
) -> Result<(), SignatureError> {
    let mut first = None;
    for secret in secrets {
        match check_one(auth, secret, header, body, now) {
            Ok(()) => return Ok(()),
            // Told is why the current secret, which comes first, did not fit.
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.unwrap_or_else(|| SignatureError::Settings("there is no secret".into())))
}

fn check_one(
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
    let signed = |algorithm, name: &str, prefix: &str, base64: bool, parts: &[&[u8]]| {
        let given = need(name)?;
        let wrong = || SignatureError::Wrong(name.to_owned());
        let text = given.strip_prefix(prefix).ok_or_else(wrong)?;
        let given = if base64 { STANDARD.decode(text).ok() } else { hex(text) };
        let expected = mac(algorithm, secret.as_bytes(), parts);
        if same(&expected, &given.ok_or_else(wrong)?) { Ok(()) } else { Err(wrong()) }
    };
    let algorithm = || match auth.get("algorithm") {
        None => Ok(Algorithm::default()),
        Some(name) => serde_json::from_value(name.clone()).map_err(|_| {
            SignatureError::Settings(format!("{name} is not an algorithm; there are sha1, sha256, sha512"))
        }),
    };
    match text("type", "none").as_str() {
        "none" => Ok(()),
        "secret" => {
            let name = text("header", "X-Webhook-Secret");
            let given = need(&name)?;
            // By their digests, so that the time does not tell how long the secret is.
            if same(&Sha256::digest(given), &Sha256::digest(secret)) {
                Ok(())
            } else {
                Err(SignatureError::Wrong(name))
            }
        }
        "hmac" => signed(
            algorithm()?,
            &text("header", "X-Signature"),
            &text("prefix", ""),
            text("encoding", "hex") == "base64",
            &[body],
        ),
        "github" | "meta" => signed(Algorithm::Sha256, "X-Hub-Signature-256", "sha256=", false, &[body]),
        "slack" => {
            let at = need("X-Slack-Request-Timestamp")?;
            fresh(&at, "X-Slack-Request-Timestamp")?;
            signed(Algorithm::Sha256, "X-Slack-Signature", "v0=", false, &[b"v0:", at.as_bytes(), b":", body])
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
            let expected = mac(Algorithm::Sha256, secret.as_bytes(), &[at.as_bytes(), b".", body]);
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
            let expected = mac(Algorithm::Sha256, &key, &[id.as_bytes(), b".", at.as_bytes(), b".", body]);
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
        check(auth, &[secret], &look, body.as_bytes(), Timestamp(now * 1_000_000))
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
    fn published_vectors_of_every_algorithm() {
        // RFC 2202 and RFC 4231, their second test cases.
        for (algorithm, signature) in [
            (json!({"algorithm": "sha1"}), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (
                json!({"algorithm": "sha256"}),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (json!({}), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            (
                json!({"algorithm": "sha512"}),
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
            ),
        ] {
            let mut auth = algorithm;
            auth["type"] = "hmac".into();
            let body = "what do ya want for nothing?";
            let headers = [("x-signature", signature.to_owned())];
            assert_eq!(call(&auth, "Jefe", &headers, body, 0), Ok(()), "{auth}");
            assert!(call(&auth, "Jefe", &headers, "what do ya want?", 0).is_err(), "{auth}");
        }
        let auth = json!({"type": "hmac", "algorithm": "md5"});
        assert!(matches!(
            call(&auth, "Jefe", &[("x-signature", "00".into())], "", 0),
            Err(SignatureError::Settings(_))
        ));
    }

    #[test]
    fn while_a_secret_is_changed_the_one_before_is_taken_too() {
        let auth = json!({"type": "secret", "header": "X-Secret"});
        let with = |given: &str, secrets: &[&str]| {
            let look = |_: &str| Some(given.to_owned());
            check(&auth, secrets, &look, b"", Timestamp(0))
        };
        assert_eq!(with("new", &["new", "old"]), Ok(()));
        assert_eq!(with("old", &["new", "old"]), Ok(()));
        assert_eq!(with("older", &["new", "old"]), Err(SignatureError::Wrong("X-Secret".into())));
        assert!(with("old", &["new"]).is_err() && with("", &[]).is_err());
    }

    #[test]
    fn old_signatures_are_stale() {
        let at = 1_700_000_000;
        let sign = |parts: &[&[u8]]| crate::dispatch::hex(&mac(Algorithm::Sha256, b"whsec", parts));
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
