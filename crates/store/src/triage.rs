//! What people do with findings. Each change is a record.

use jiff::{Timestamp, civil::Date};

use crate::{Actor, FindingRow, Scope, Store, StoreError};

/// A change of a finding by a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Triage {
    /// Leave it as it is, for this reason.
    Acknowledge {
        /// Why; never empty.
        reason: String,
    },
    /// It is open again.
    Reopen,
    /// Someone looks after it, or nobody.
    Assign {
        /// Who.
        person: Option<i64>,
    },
    /// Until when, or no date.
    Due {
        /// The day.
        date: Option<Date>,
    },
}

#[allow(unused_variables, missing_docs)]
impl Store {
    /// The finding afterwards; `None` when there is none in this scope.
    pub async fn triage(
        &self,
        finding: &str,
        change: &Triage,
        scope: Scope,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Option<FindingRow>, StoreError> {
        Err(StoreError::Refused("not there yet".into()))
    }
}
