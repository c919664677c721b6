//! Which commands are obeyed. Pure.

use jiff::Timestamp;
use protocol::{
    sensor::{COMMAND_TYPE, Command, Order},
    signing::{Envelope, EnvelopeError, KeyId, PublicKey},
};

/// Whose commands a device obeys, and up to which it has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Obedience<'a> {
    /// The key that was accepted at enrolment.
    pub(crate) server: &'a PublicKey,
    /// This device.
    pub(crate) device: &'a KeyId,
    /// The serial of the last command.
    pub(crate) last: u64,
}

/// Why a command is not obeyed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("it is not signed as commands are")]
    Form,
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    #[error("it is for the device {0}")]
    OtherDevice(KeyId),
    #[error("its serial {0} was used before")]
    Old(u64),
}

/// A command that this device's server gave to it and that it has not had before.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Genuine {
    pub(crate) serial: u64,
    /// What to do, or why nothing.
    pub(crate) order: Result<(), NotNow>,
}

/// Why a genuine command is not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotNow {
    #[error("it expired at {0}")]
    Expired(Timestamp),
    #[error("this version does not know what it asks for")]
    Unknown,
}

/// Reads a command from the channel; `now` is by the server's clock.
pub(crate) fn check(data: &str, obedience: Obedience<'_>, now: Timestamp) -> Result<Genuine, Refused> {
    let envelope: Envelope = serde_json::from_str(data).map_err(|_| Refused::Form)?;
    let payload = envelope.open(obedience.server.key(), COMMAND_TYPE)?;
    let command: Command = serde_json::from_slice(&payload).map_err(|_| Refused::Form)?;
    if command.device != *obedience.device {
        return Err(Refused::OtherDevice(command.device));
    }
    if command.serial <= obedience.last {
        return Err(Refused::Old(command.serial));
    }
    let order = match command.order {
        _ if command.expires_at <= now => Err(NotNow::Expired(command.expires_at)),
        Order::Rescan => Ok(()),
        Order::Unknown => Err(NotNow::Unknown),
    };
    Ok(Genuine { serial: command.serial, order })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use protocol::signing::SigningKey;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn server() -> SigningKey {
        SigningKey::from_bytes(&[1; 32])
    }

    fn device() -> KeyId {
        "0123456789abcdef0123456789abcdef".parse().unwrap()
    }

    fn rescan() -> Command {
        Command { device: device(), serial: 5, issued_at: at(0), expires_at: at(100), order: Order::Rescan }
    }

    fn checked(data: &str, last: u64, now: i64) -> Result<Genuine, Refused> {
        let server = PublicKey::new(server().verifying_key());
        check(data, Obedience { server: &server, device: &device(), last }, at(now))
    }

    fn signed(command: &Command, key: &SigningKey) -> String {
        serde_json::to_string(&command.sign(key).unwrap()).unwrap()
    }

    #[test]
    fn only_a_new_command_of_the_enrolled_server_to_this_device_is_genuine() {
        let good = signed(&rescan(), &server());
        assert_eq!(checked(&good, 4, 99), Ok(Genuine { serial: 5, order: Ok(()) }));
        assert_eq!(checked(&good, 5, 99), Err(Refused::Old(5)));
        let stranger = signed(&rescan(), &SigningKey::from_bytes(&[2; 32]));
        assert_eq!(checked(&stranger, 4, 99), Err(Refused::Envelope(EnvelopeError::Signature)));
        let other: KeyId = "f".repeat(32).parse().unwrap();
        let elsewhere = signed(&Command { device: other.clone(), ..rescan() }, &server());
        assert_eq!(checked(&elsewhere, 4, 99), Err(Refused::OtherDevice(other)));
    }

    #[test]
    fn an_expired_or_unknown_command_is_genuine_and_does_nothing() {
        let order = checked(&signed(&rescan(), &server()), 4, 100).unwrap().order;
        assert_eq!(order, Err(NotNow::Expired(at(100))));
        let text = serde_json::to_string(&rescan()).unwrap().replace("rescan", "dance");
        let envelope = Envelope::sign(&server(), COMMAND_TYPE, text.as_bytes());
        let genuine = checked(&serde_json::to_string(&envelope).unwrap(), 4, 0).unwrap();
        assert_eq!(genuine, Genuine { serial: 5, order: Err(NotNow::Unknown) });
    }

    proptest! {
        #[test]
        fn no_data_makes_the_reader_panic_or_obey(data: String, payload: String) {
            prop_assert!(checked(&data, 0, 0).is_err());
            let envelope = Envelope::sign(&server(), COMMAND_TYPE, payload.as_bytes());
            prop_assert!(checked(&serde_json::to_string(&envelope).unwrap(), 0, 0).is_err());
        }
    }
}
