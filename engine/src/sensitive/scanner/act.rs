//! What becomes of what was found: it is counted, overwritten or taken out, and what goes on is passed over.

use super::{Scanner, Step};
use crate::blob::detectors::Finder;
use crate::keyed_hash::{HashKey, Role};
use crate::sensitive::examine::{Candidate, Probe};
use crate::sensitive::findings::Shown;
use crate::sensitive::mask::{self, Fill, Span};
use crate::sensitive::run::{Deed, Extent, Nesting, Part, Run};
use crate::sensitive::settings::Overwriting;
use crate::sensitive::text::Text;

impl Scanner {
    /// Counts a value and decides what is overwritten. Where it goes on, from where.
    #[inline(never)]
    pub(super) fn record(
        &mut self,
        probe: &Probe<'_, '_>,
        candidate: &Candidate,
        key: &HashKey,
    ) -> Option<usize> {
        let settings = probe.settings;
        let detector = candidate.detector;
        let change = settings.change_of(detector, candidate.confidence);
        let is_expected = settings.expected.contains(usize::from(detector));
        let text = &probe.text;
        let value = text.bytes.get(candidate.value.clone()).unwrap_or_default();
        let shown = if candidate.member.is_some() { Shown::Named(value) } else { Shown::Formed(value) };
        self.findings.count(detector, candidate.confidence, is_expected, change.is_some(), shown);
        let record = probe.policy.detectors.get(usize::from(detector))?;
        if settings.hashes_values {
            let told_apart = candidate.member.as_ref().map_or(candidate.value.clone(), |it| it.seen.clone());
            let plain: Vec<u8> = text
                .bytes
                .get(told_apart)
                .unwrap_or_default()
                .iter()
                .filter(|byte| candidate.member.is_some() || mask::is_covered(**byte) || **byte == b'@')
                .map(u8::to_ascii_lowercase)
                .collect();
            self.findings.note_value(detector, key.hash(Role::Sensitive, &[record.name.as_bytes(), &plain]));
        }
        let mut keep_first = 0;
        match change {
            None => {}
            Some(Overwriting::Stars { keep_first: first, keep_last }) => {
                keep_first = first;
                self.overwrite(text, candidate, record.finder, (first, keep_last));
            }
            // A number, an object or an array goes on: what it becomes is decided as it passes.
            Some(Overwriting::Token) if candidate.member.is_some() && candidate.run.is_some() => {}
            Some(Overwriting::Token) => {
                let bare = mask::is_json_number(text, &candidate.value);
                mask::token(text, candidate.value.clone(), bare, key, &mut self.spans);
            }
            Some(Overwriting::Removal) if self.kind.is_framed => {
                self.overwrite(text, candidate, record.finder, (0, 0));
            }
            Some(Overwriting::Removal) => return self.remove(text, candidate),
        }
        let (from, what) = candidate.run?;
        let does = if change.is_some() { Deed::Mask } else { Deed::Pass };
        self.run =
            Some(Run { what, does, keep_first: if candidate.member.is_some() { keep_first } else { 0 } });
        Some(from)
    }

    fn overwrite(&mut self, text: &Text<'_>, candidate: &Candidate, finder: Finder, keep: (u8, u8)) {
        let value = candidate.value.clone();
        let bytes = text.bytes.get(value.clone()).unwrap_or_default();
        let at_sign = bytes.iter().position(|byte| *byte == b'@');
        if let Some(at_sign) = at_sign.filter(|_| finder == Finder::Email) {
            // Of an address the `@` and the dots stay, and the last letters of its domain; never any of the local part.
            let domain = value.start.saturating_add(at_sign);
            mask::stars(text, value.start..domain, (0, 0), &mut self.spans);
            mask::all_but(text, domain..value.end, (0, usize::from(keep.1)), &mut self.spans);
        } else if candidate.run.is_some() {
            // The end is not known yet, so only the beginning can stay.
            if candidate.member.is_none() {
                mask::stars(text, value, (keep.0, 0), &mut self.spans);
            }
        } else if bytes.iter().all(u8::is_ascii_digit) && mask::is_json_number(text, &value) {
            mask::digits(value, keep, &mut self.spans);
        } else {
            mask::stars(text, value, keep, &mut self.spans);
        }
    }

    /// Takes a member out, with one of the commas beside it.
    fn remove(&mut self, text: &Text<'_>, candidate: &Candidate) -> Option<usize> {
        let member = candidate.member.as_ref()?;
        let quote = member.name.saturating_sub(1);
        let start = before_comma(text, quote);
        // The comma in front may have gone with the member before.
        let has_comma = start < quote && start >= self.cut;
        let start = if has_comma { start } else { quote.max(self.cut) };
        self.spans.push(Span { start, end: member.first, fill: Fill::Nothing });
        self.cut = member.first;
        let what = Extent::Value(Nesting::default());
        self.run = Some(Run { what, does: Deed::Remove { comma: !has_comma }, keep_first: 0 });
        Some(member.first)
    }

    /// Passes over a value that goes on.
    pub(super) fn run_on(&mut self, probe: &Probe<'_, '_>, from: usize) -> Step {
        let text = &probe.text;
        let Some(mut run) = self.run.take() else { return Step::Go(from) };
        let mut at = from;
        loop {
            let Some(byte) = text.at(at) else {
                self.run = (!text.end).then_some(run);
                self.taken = at;
                return Step::End;
            };
            let Some(part) = run.take(byte) else {
                if run.does == (Deed::Remove { comma: true }) {
                    run = Run { what: Extent::Comma, does: Deed::Remove { comma: false }, ..run };
                    continue;
                }
                self.taken = at;
                self.context.value_ends(at);
                return Step::Go(at);
            };
            match run.does {
                Deed::Pass => {}
                Deed::Remove { .. } => {
                    mask::add(&mut self.spans, at, Fill::Nothing);
                    self.cut = at.saturating_add(1);
                }
                Deed::Mask => self.star(&mut run, part, byte, at),
            }
            at = at.saturating_add(1);
        }
    }

    fn star(&mut self, run: &mut Run, part: Part, byte: u8, at: usize) {
        let fill = match part {
            Part::Frame => return,
            Part::Character if mask::is_covered(byte) => b'*',
            Part::Character => return,
            Part::Digit => b'1',
            Part::Word(place, is_false) => {
                let word: &[u8] = if is_false { b" null" } else { b"null" };
                word.get(usize::from(place)).copied().unwrap_or(byte)
            }
        };
        if run.keep_first > 0 && matches!(part, Part::Character) {
            run.keep_first = run.keep_first.saturating_sub(1);
            return;
        }
        mask::add(&mut self.spans, at, Fill::Byte(fill));
    }
}

/// In front of the comma and white space in front of a name's quotation mark, where there are any.
pub(super) fn before_comma(text: &Text<'_>, quote: usize) -> usize {
    const LONGEST_SPACE: usize = 64;
    let mut at = quote;
    if text.at(at) != Some(b'"') && text.behind(at, 1) == Some(b'"') && at > 0 {
        at = at.saturating_sub(1);
    }
    let name = at;
    for _ in 0..=LONGEST_SPACE {
        match text.behind(at, 1) {
            Some(b',') if at > 0 => return at.saturating_sub(1),
            Some(byte) if byte.is_ascii_whitespace() && at > 0 => at = at.saturating_sub(1),
            _ => break,
        }
    }
    name
}
