//! Values that go in and rows that come out, the same for both engines.

use serde::de::DeserializeOwned;

use super::StoreError;

/// A parameter. Each knows its type also when it is absent, because PostgreSQL asks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// A whole number, a time in milliseconds, a truth value.
    Int(Option<i64>),
    /// A fraction.
    Real(Option<f64>),
    /// A text. PostgreSQL has no zero character in one, so it becomes U+FFFD on both.
    Text(Option<String>),
    /// Bytes.
    Bytes(Option<Vec<u8>>),
}

impl Value {
    /// A text as JSON.
    pub(crate) fn json(value: &impl serde::Serialize) -> Result<Self, StoreError> {
        let text = serde_json::to_string(value).map_err(|error| StoreError::Unexpected(error.to_string()))?;
        Ok(Self::Text(Some(text)))
    }

    /// Nothing, of the same type.
    pub(super) fn absent(&self) -> Self {
        match self {
            Self::Int(_) => Self::Int(None),
            Self::Real(_) => Self::Real(None),
            Self::Text(_) => Self::Text(None),
            Self::Bytes(_) => Self::Bytes(None),
        }
    }

    /// The text as both engines keep it.
    pub(super) fn storable(text: String) -> String {
        if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(Some(number))
    }
}

impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Self {
        Self::Int(number)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Int(Some(number.into()))
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Int(Some(number.into()))
    }
}

impl From<u64> for Value {
    /// What a BIGINT cannot hold becomes its largest number; lengths and counts never do.
    fn from(number: u64) -> Self {
        Self::Int(Some(i64::try_from(number).unwrap_or(i64::MAX)))
    }
}

impl From<Option<u64>> for Value {
    fn from(number: Option<u64>) -> Self {
        number.map_or(Self::Int(None), Self::from)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Int(Some(truth.into()))
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Real(Some(number))
    }
}

impl From<jiff::Timestamp> for Value {
    fn from(time: jiff::Timestamp) -> Self {
        Self::Int(Some(time.as_millisecond()))
    }
}

impl From<Option<jiff::Timestamp>> for Value {
    fn from(time: Option<jiff::Timestamp>) -> Self {
        Self::Int(time.map(jiff::Timestamp::as_millisecond))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        Self::Text(text.map(str::to_owned))
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(Some(bytes))
    }
}

/// A row, by position.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row(pub(super) Vec<Value>);

impl Row {
    fn wrong<T>(&self, at: usize, wanted: &str) -> Result<T, StoreError> {
        Err(StoreError::Unexpected(format!("column {at} is no {wanted}: {:?}", self.0.get(at))))
    }

    /// A number that may be absent.
    pub(crate) fn maybe_int(&self, at: usize) -> Result<Option<i64>, StoreError> {
        match self.0.get(at) {
            Some(Value::Int(number)) => Ok(*number),
            Some(Value::Real(None) | Value::Text(None) | Value::Bytes(None)) => Ok(None),
            _ => self.wrong(at, "number"),
        }
    }

    /// A number.
    pub(crate) fn int(&self, at: usize) -> Result<i64, StoreError> {
        self.maybe_int(at)?.map_or_else(|| self.wrong(at, "number"), Ok)
    }

    /// A number that counts something.
    pub(crate) fn count(&self, at: usize) -> Result<u64, StoreError> {
        u64::try_from(self.int(at)?).or_else(|_| self.wrong(at, "count"))
    }

    /// A number that counts something and may be absent.
    pub(crate) fn maybe_count(&self, at: usize) -> Result<Option<u64>, StoreError> {
        self.maybe_int(at)?
            .map(|number| u64::try_from(number).or_else(|_| self.wrong(at, "count")))
            .transpose()
    }

    /// A truth value.
    pub(crate) fn truth(&self, at: usize) -> Result<bool, StoreError> {
        Ok(self.int(at)? != 0)
    }

    /// A time that may be absent.
    pub(crate) fn maybe_time(&self, at: usize) -> Result<Option<jiff::Timestamp>, StoreError> {
        let Some(millis) = self.maybe_int(at)? else { return Ok(None) };
        jiff::Timestamp::from_millisecond(millis).map(Some).or_else(|_| self.wrong(at, "time"))
    }

    /// A time.
    pub(crate) fn time(&self, at: usize) -> Result<jiff::Timestamp, StoreError> {
        self.maybe_time(at)?.map_or_else(|| self.wrong(at, "time"), Ok)
    }

    /// A text that may be absent.
    pub(crate) fn maybe_text(&self, at: usize) -> Result<Option<String>, StoreError> {
        match self.0.get(at) {
            Some(Value::Text(text)) => Ok(text.clone()),
            Some(Value::Int(None) | Value::Real(None) | Value::Bytes(None)) => Ok(None),
            _ => self.wrong(at, "text"),
        }
    }

    /// A text.
    pub(crate) fn text(&self, at: usize) -> Result<String, StoreError> {
        self.maybe_text(at)?.map_or_else(|| self.wrong(at, "text"), Ok)
    }

    /// Bytes.
    pub(crate) fn bytes(&self, at: usize) -> Result<Vec<u8>, StoreError> {
        match self.0.get(at) {
            Some(Value::Bytes(Some(bytes))) => Ok(bytes.clone()),
            _ => self.wrong(at, "bytes"),
        }
    }

    /// A value that was written by [`Value::json`].
    pub(crate) fn json<T: DeserializeOwned>(&self, at: usize) -> Result<T, StoreError> {
        serde_json::from_str(&self.text(at)?).or_else(|_| self.wrong(at, "JSON of its kind"))
    }

    /// A value that was written by [`Value::json`], or NULL.
    pub(crate) fn maybe_json<T: DeserializeOwned>(&self, at: usize) -> Result<Option<T>, StoreError> {
        if self.maybe_text(at)?.is_none() { Ok(None) } else { self.json(at).map(Some) }
    }

    /// The word of a kebab-case enumeration.
    pub(crate) fn word<T: DeserializeOwned>(&self, at: usize) -> Result<T, StoreError> {
        serde_json::from_value(serde_json::Value::String(self.text(at)?))
            .or_else(|_| self.wrong(at, "known word"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_another_kind_is_an_error_and_never_a_guess() {
        let row = Row(vec![Value::Text(Some("x".into())), Value::Int(None), Value::Int(Some(-1))]);
        assert!(row.int(0).is_err() && row.text(1).is_err() && row.count(2).is_err() && row.int(9).is_err());
        assert_eq!(row.maybe_text(1).unwrap(), None);
        assert_eq!(row.maybe_int(2).unwrap(), Some(-1));
    }

    #[test]
    fn a_zero_in_a_text_is_replaced() {
        assert_eq!(Value::storable("a\0b".into()), "a\u{fffd}b");
    }
}
