//! What one line of a list says.

use bartizan_engine::http::username::{UsernameForm, same_account};
use bartizan_engine::leaked::{pair_digest, password_digest};
use bartizan_engine::vocabulary::LeakedKind;

/// Digits of a SHA-1 hash.
const HASH_DIGITS: usize = 40;

/// Gives the digests of a line's entry, one for each form in which logins name the account; none for a blank line. Says what
/// is wrong where it is no entry.
pub(super) fn digests(
    kind: LeakedKind,
    forms: &[UsernameForm],
    line: &[u8],
    emit: &mut impl FnMut(u64),
) -> Result<(), &'static str> {
    // A password may start or end with blanks, or consist of them; nobody's list has such hashes.
    if line.is_empty() || (kind != LeakedKind::Passwords && line.trim_ascii().is_empty()) {
        return Ok(());
    }
    match kind {
        LeakedKind::PasswordsSha1 => emit(hash(line.trim_ascii())?),
        LeakedKind::Passwords => emit(password_digest(line)),
        LeakedKind::Pairs => pair(forms, line, emit)?,
    }
    Ok(())
}

/// `HASH` or `HASH:COUNT`, in either case.
fn hash(line: &[u8]) -> Result<u64, &'static str> {
    const WRONG: &str = "not a SHA-1 hash in 40 hexadecimal digits";
    let (digits, count) = line.split_at_checked(HASH_DIGITS).ok_or(WRONG)?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err(WRONG);
    }
    match count {
        [] => {}
        [b':', count @ ..] if !count.is_empty() && count.iter().all(u8::is_ascii_digit) => {}
        _ => return Err("something else than `:` and a number behind the hash"),
    }
    let digits = digits.iter().take(16).filter_map(|digit| char::from(*digit).to_digit(16));
    Ok(digits.fold(0, |sum, digit| sum << 4 | u64::from(digit)))
}

/// `user:password`; the password may have more colons.
fn pair(forms: &[UsernameForm], line: &[u8], emit: &mut impl FnMut(u64)) -> Result<(), &'static str> {
    let colon = line.iter().position(|byte| *byte == b':').ok_or("no `:` between user name and password")?;
    let (user, password) = line.split_at(colon);
    let password = password.get(1..).unwrap_or_default();
    if password.is_empty() {
        return Err("no password behind the `:`");
    }
    for form in forms {
        // The very function that names the account of a login, so that both always agree.
        let name = same_account(user, *form);
        if name.is_empty() {
            return Err("no user name before the `:`");
        }
        emit(pair_digest(&name, password));
    }
    Ok(())
}
