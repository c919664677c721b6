//! Passwords: argon2id, as PHC strings.
//!
//! The parameters are those that OWASP gives for argon2id with one lane (19 MiB, two passes). A hash carries its own, so that
//! stronger ones can come later without anybody noticing.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _},
};

/// How short a password may be, in characters.
pub const MIN_PASSWORD: usize = 12;

/// How long, in bytes; more is no stronger and only costs time.
const MAX_PASSWORD: usize = 1024;

/// Why a password is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// It is too short.
    #[error("the password is too short: use at least {MIN_PASSWORD} characters, a few words do well")]
    Short,
    /// It is too long.
    #[error("the password is too long: use at most {MAX_PASSWORD} bytes")]
    Long,
    /// The system has no random numbers, or no memory for the hash.
    #[error("the password could not be hashed: {0}")]
    Failed(String),
}

/// A hash that no password has, to spend the same time on a name that nobody has.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LWhhcy10aGlz$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI";

/// Whether a password may be chosen.
///
/// # Errors
/// [`PasswordError::Short`] and [`PasswordError::Long`].
pub(crate) fn check(password: &str) -> Result<(), PasswordError> {
    if password.chars().count() < MIN_PASSWORD {
        return Err(PasswordError::Short);
    }
    if password.len() > MAX_PASSWORD {
        return Err(PasswordError::Long);
    }
    Ok(())
}

/// The PHC string of a password. Takes tens of milliseconds on purpose: call it where that blocks nobody.
///
/// # Errors
/// [`PasswordError`].
pub(crate) fn hash(password: &str) -> Result<String, PasswordError> {
    check(password)?;
    let mut salt = [0; 16];
    platform::random::fill(&mut salt).map_err(|error| PasswordError::Failed(error.to_string()))?;
    let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|error| PasswordError::Failed(error.to_string()))
}

/// Whether it is the password of this hash. Without a hash it takes as long and says no, so that a clock does not tell who
/// has an account.
pub(crate) fn verify(password: &str, hash: Option<&str>) -> bool {
    let password = if password.len() > MAX_PASSWORD { "" } else { password };
    let right = Argon2::default().verify_password(password.as_bytes(), hash.unwrap_or(NOBODY)).is_ok();
    right && hash.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_right_for_its_own_hash_only() {
        let kept = hash("correct horse battery").unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(verify("correct horse battery", Some(&kept)));
        assert!(!verify("correct horse batterz", Some(&kept)));
        assert!(!verify("", Some(&kept)));
        assert_ne!(kept, hash("correct horse battery").unwrap(), "every hash has its own salt");
    }

    #[test]
    fn a_name_that_nobody_has_costs_a_whole_hash() {
        let parsed = argon2::password_hash::phc::PasswordHash::new(NOBODY).unwrap();
        let real = hash("correct horse battery").unwrap();
        let real = argon2::password_hash::phc::PasswordHash::new(&real).unwrap();
        assert_eq!((parsed.algorithm, &parsed.params), (real.algorithm, &real.params));
        assert_eq!(parsed.hash.unwrap().len(), real.hash.unwrap().len());
        assert!(!verify("anything at all", None));
    }

    #[test]
    fn passwords_are_neither_short_nor_endless() {
        assert_eq!(hash("elevenchars"), Err(PasswordError::Short));
        assert_eq!(check("zwölf zeichen").err(), None);
        assert_eq!(hash(&"x".repeat(1025)), Err(PasswordError::Long));
    }

    #[test]
    fn a_damaged_hash_is_no_door() {
        for kept in ["", "$argon2id$", "plain"] {
            assert!(!verify("correct horse battery", Some(kept)));
        }
    }
}
