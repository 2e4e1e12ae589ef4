//! From a policy that names lists to a blob that has them.

use std::path::Path;

use bartizan_engine::blob::draft::PolicyDraft;
use bartizan_engine::http::username::UsernameForm;
use bartizan_engine::vocabulary::LeakedKind;

use super::{CompiledList, LeakedPart, LeakedSource, ListFailure, Progress, compile_lists};
use crate::Compiled;
use crate::diagnostic::{Diagnostic, codes};
use crate::source::Span;
use crate::syntax::node::shorten;

/// Reads the leaked lists of a compiled policy, and puts a blob in the place of the one without entries: the policy, and
/// behind it the lists' pages. Does nothing for a policy with errors, or without lists. `policy` is the policy's file, to
/// whose directory the lists' names are relative.
///
/// What is wrong with a list is added to the findings; then there is no blob.
pub fn include(compiled: &mut Compiled, policy: &Path, progress: &Progress) {
    let Some(draft) = &mut compiled.draft else { return };
    if draft.leaked.is_empty() {
        return;
    }
    compiled.blob = None;
    let name_forms = name_forms(draft);
    let directory = policy.parent().unwrap_or(policy);
    let sources: Vec<LeakedSource> = draft
        .leaked
        .iter()
        .map(|list| LeakedSource {
            name: list.name.clone(),
            kind: list.kind,
            path: directory.join(&list.path),
            bits: list.bits,
            name_forms: name_forms.clone(),
        })
        .collect();
    let places = &compiled.leaked_at;
    let LeakedPart { lists, bytes } = match compile_lists(&sources, progress) {
        Ok(part) => part,
        Err(failures) => {
            for (position, failure) in failures {
                let (Some(list), Some(at)) = (draft.leaked.get(position), places.get(position)) else {
                    continue;
                };
                compiled.findings.push(unusable(*at, &list.path, list.kind, &failure));
            }
            return;
        }
    };
    for ((list, compiled_list), at) in draft.leaked.iter_mut().zip(&lists).zip(places) {
        let CompiledList { list: place, entries, left_out } = compiled_list;
        (list.first_page, list.pages, list.digest) = (place.first_page, place.pages, place.digest);
        list.entries = *entries;
        if left_out.count > 0 {
            let message = format!("`{}`: {left_out}", shorten(&list.path));
            let finding = Diagnostic::new(&codes::LEFT_OUT, *at, message);
            compiled.findings.push(finding.help("these lines are left out, all others are on the list"));
        }
    }
    // The same draft was written before, without the numbers.
    compiled.blob = draft.write().ok().map(|mut blob| {
        blob.extend(bytes);
        blob
    });
}

/// The forms of user names in which the policy's logins look pairs up.
fn name_forms(draft: &PolicyDraft) -> Vec<UsernameForm> {
    let logins = draft.apps.iter().flat_map(|app| &app.logins);
    let mut forms: Vec<UsernameForm> = Vec::new();
    for login in logins.filter(|login| login.password.is_some()) {
        let form = UsernameForm { plus_address: login.plus_address };
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    if forms.is_empty() {
        forms.push(UsernameForm::default());
    }
    forms
}

fn unusable(at: Span, path: &str, kind: LeakedKind, failure: &ListFailure) -> Diagnostic {
    let finding =
        Diagnostic::new(&codes::LIST_FILE, at, format!("`{}` cannot be used: {failure}", shorten(path)));
    match (failure, kind) {
        (ListFailure::OtherKind(_) | ListFailure::Empty, LeakedKind::PasswordsSha1) => {
            finding.help("the file has `HASH` or `HASH:COUNT` on each line, with the SHA-1 of a password")
        }
        (ListFailure::OtherKind(_) | ListFailure::Empty, LeakedKind::Passwords) => {
            finding.help("the file has a password on each line")
        }
        (ListFailure::OtherKind(_) | ListFailure::Empty, LeakedKind::Pairs) => {
            finding.help("the file has `user:password` on each line")
        }
        _ => finding,
    }
}
