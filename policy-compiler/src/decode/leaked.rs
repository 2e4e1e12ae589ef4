//! Lists of leaked credentials. Only that the files are there is looked at: they are read where a blob is made.

use bartizan_engine::vocabulary::LeakedKind;

use super::Run;
use super::fields::{self, Fields};
use crate::diagnostic::{Diagnostic, codes};
use crate::model::{Leaked, LeakedBody};
use crate::source::Spanned;
use crate::syntax::Entry;
use crate::syntax::fields::{LEAKED, NAME};
use crate::syntax::node::shorten;

/// The most lists.
const MAX_LISTS: usize = 16;
/// Bits of an entry where the policy does not say.
const BITS: u8 = 8;

/// The policy's `leaked`.
pub(super) fn decode(policy: &Fields<'_>, run: &mut Run<'_>) -> Vec<Leaked> {
    let entries = policy.named("leaked", run.findings);
    if let Some(beyond) = entries.get(MAX_LISTS) {
        let message = format!("{} leaked lists, at most {MAX_LISTS} are possible", entries.len());
        run.findings.push(Diagnostic::new(&codes::TOO_MUCH, beyond.key.span, message));
    }
    let mut lists = Vec::new();
    for Entry { key, node } in entries {
        fields::name(key, &NAME, 48, run.findings);
        let fields = Fields::open(node, key.span, &LEAKED, run.findings);
        lists.push(Leaked { name: key.clone(), body: fields.and_then(|fields| body(&fields, run)) });
    }
    lists
}

fn body(fields: &Fields<'_>, run: &mut Run<'_>) -> Option<LeakedBody> {
    let bits = match fields.entry("bits") {
        Some(_) => fields.choice("bits", run.findings),
        None => Some(Spanned::new(u32::from(BITS), fields.at)),
    };
    let keys = ["passwords_sha1_from", "passwords_from", "pairs_from"];
    let entry = fields.exactly_one(&keys, run.findings)?;
    let kind = match entry.key.value.as_str() {
        "passwords_sha1_from" => LeakedKind::PasswordsSha1,
        "passwords_from" => LeakedKind::Passwords,
        _ => LeakedKind::Pairs,
    };
    let path = fields.text(&entry.key.value, run.findings)?;
    let metadata = std::fs::metadata(run.directory.join(&path.value));
    let reason = match metadata {
        Ok(metadata) if metadata.is_file() => None,
        Ok(_) => Some(String::from("it is not a file")),
        Err(error) => Some(error.kind().to_string()),
    };
    if let Some(reason) = reason {
        let message = format!("`{}` cannot be read: {reason}", shorten(&path.value));
        run.findings.push(
            Diagnostic::new(&codes::LIST_FILE, path.span, message)
                .help("the name is relative to the policy file; the file has one entry per line"),
        );
        return None;
    }
    let bits = bits?;
    let bits = Spanned::new(u8::try_from(bits.value).ok()?, bits.span);
    Some(LeakedBody { kind, path: path.value, bits })
}
