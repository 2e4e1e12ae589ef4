//! Tokens as an identity provider signs them, and the filter that verifies them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::failure::{Context, Failure};

/// Where the verified payload is kept.
const PAYLOAD: &str = "jwt_payload";

const SECRET: &[u8] = b"what the identity provider signs with";

/// A token with these claims, signed with this secret or with another one.
pub(super) fn signed(claims: &Value, is_genuine: bool) -> Result<String, Failure> {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed =
        format!("{}.{}", part(&json!({ "alg": "HS256", "typ": "JWT", "kid": "suite" })), part(claims));
    let secret = if is_genuine { SECRET } else { b"what somebody else signs with" };
    let mac = Hmac::<Sha256>::new_from_slice(secret).context("no key")?;
    let signature = mac.chain_update(&signed).finalize().into_bytes();
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// Envoy's `jwt_authn`, which refuses bad tokens and lets requests without one pass.
pub(super) fn verifier() -> Value {
    let key = json!({ "kty": "oct", "alg": "HS256", "kid": "suite", "k": URL_SAFE_NO_PAD.encode(SECRET) });
    json!({
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
            "providers": { "suite": {
                "local_jwks": { "inline_string": json!({ "keys": [key] }).to_string() },
                "payload_in_metadata": PAYLOAD,
            } },
            "rules": [{ "match": { "prefix": "/" }, "requires": { "requires_any": { "requirements": [
                { "provider_name": "suite" }, { "allow_missing": {} },
            ] } } }],
        },
    })
}
