//! Roles and what each may do. The matrix stands here and nowhere else; the docs page is generated from it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What someone is here for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Everything, and the only one who makes or changes owners.
    Owner,
    /// Everything else.
    Admin,
    /// Writes policy.
    PolicyAuthor,
    /// Reviews requests and findings.
    Reviewer,
    /// Looks after findings and devices.
    Analyst,
    /// Reads everything, records too, and changes nothing.
    Auditor,
    /// Sees their own devices.
    DeviceUser,
}

/// Something that a route asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Permission {
    /// See devices, what they hold and run, and findings. A device user sees only their own.
    ReadInventory,
    /// Acknowledge, reopen, assign and date findings.
    TriageFindings,
    /// Order a device to look again.
    CommandDevices,
    /// Enrol devices, stop trusting them, say whose they are.
    ManageDevices,
    /// People, tokens, and sessions of others.
    ManageAccess,
    /// See who did what.
    ReadRecords,
    /// See the server's own numbers.
    ReadMetrics,
    /// One's own sessions and password.
    OwnAccount,
}

impl Role {
    /// Every role, the mightiest first.
    pub const ALL: [Self; 7] = [
        Self::Owner,
        Self::Admin,
        Self::PolicyAuthor,
        Self::Reviewer,
        Self::Analyst,
        Self::Auditor,
        Self::DeviceUser,
    ];

    /// Its word in the API, in the database and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::PolicyAuthor => "policy-author",
            Self::Reviewer => "reviewer",
            Self::Analyst => "analyst",
            Self::Auditor => "auditor",
            Self::DeviceUser => "device-user",
        }
    }

    /// What it is for, in a sentence for people.
    pub fn about(self) -> &'static str {
        match self {
            Self::Owner => "may do everything, and alone makes or changes owners",
            Self::Admin => "manages devices, people and tokens",
            Self::PolicyAuthor => "writes policy; sees the inventory",
            Self::Reviewer => "decides about findings and requests",
            Self::Analyst => "looks after findings and orders rescans",
            Self::Auditor => "reads everything, records too, and changes nothing",
            Self::DeviceUser => "sees their own devices only",
        }
    }

    /// Whether it may.
    pub fn may(self, permission: Permission) -> bool {
        permission.roles().contains(&self)
    }

    /// Whether it sees only devices of its own person.
    pub fn sees_own_devices_only(self) -> bool {
        self == Self::DeviceUser
    }

    /// Whether it may give a role to someone, or take it: only an owner touches owners.
    pub fn may_give(self, role: Self) -> bool {
        self.may(Permission::ManageAccess) && (role != Self::Owner || self == Self::Owner)
    }
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 8] = [
        Self::ReadInventory,
        Self::TriageFindings,
        Self::CommandDevices,
        Self::ManageDevices,
        Self::ManageAccess,
        Self::ReadRecords,
        Self::ReadMetrics,
        Self::OwnAccount,
    ];

    /// Its word, in messages and docs.
    pub fn word(self) -> &'static str {
        match self {
            Self::ReadInventory => "read-inventory",
            Self::TriageFindings => "triage-findings",
            Self::CommandDevices => "command-devices",
            Self::ManageDevices => "manage-devices",
            Self::ManageAccess => "manage-access",
            Self::ReadRecords => "read-records",
            Self::ReadMetrics => "read-metrics",
            Self::OwnAccount => "own-account",
        }
    }

    /// Who has it.
    pub fn roles(self) -> &'static [Role] {
        use Role::{Admin, Analyst, Auditor, Owner, Reviewer};
        match self {
            Self::ReadInventory | Self::OwnAccount => &Role::ALL,
            Self::TriageFindings => &[Owner, Admin, Analyst, Reviewer],
            Self::CommandDevices => &[Owner, Admin, Analyst],
            Self::ManageDevices | Self::ManageAccess => &[Owner, Admin],
            Self::ReadRecords => &[Owner, Admin, Auditor],
            Self::ReadMetrics => &[Owner, Admin, Analyst, Auditor],
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A word that is no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no role `{0}`: use owner, admin, policy-author, reviewer, analyst, auditor or device-user")]
pub struct UnknownRole(pub String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(word: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.word() == word).ok_or_else(|| UnknownRole(word.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by hand, column by column, so that a change of the matrix is always seen twice.
    const MATRIX: &str = "
                     owner admin policy-author reviewer analyst auditor device-user
    read-inventory   x     x     x             x        x       x       x
    triage-findings  x     x     -             x        x       -       -
    command-devices  x     x     -             -        x       -       -
    manage-devices   x     x     -             -        -       -       -
    manage-access    x     x     -             -        -       -       -
    read-records     x     x     -             -        -       x       -
    read-metrics     x     x     -             -        x       x       -
    own-account      x     x     x             x        x       x       x
    ";

    #[test]
    fn each_role_may_do_exactly_what_the_matrix_says() {
        let mut lines = MATRIX.lines().filter(|line| !line.trim().is_empty());
        let roles: Vec<Role> =
            lines.next().unwrap().split_whitespace().map(|word| word.parse().unwrap()).collect();
        assert_eq!(roles, Role::ALL);
        let rows: Vec<Vec<_>> = lines.map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows.len(), Permission::ALL.len());
        for (row, permission) in rows.iter().zip(Permission::ALL) {
            assert_eq!(row[0], permission.word());
            for (cell, role) in row[1..].iter().zip(&roles) {
                assert_eq!(role.may(permission), *cell == "x", "{role} {permission}");
            }
        }
    }

    #[test]
    fn only_an_owner_makes_an_owner() {
        for role in Role::ALL {
            assert_eq!(role.may_give(Role::Owner), role == Role::Owner);
            assert_eq!(role.may_give(Role::Analyst), matches!(role, Role::Owner | Role::Admin));
        }
    }

    #[test]
    fn words_are_read_back_and_others_are_refused() {
        for role in Role::ALL {
            assert_eq!(role.word().parse::<Role>().unwrap(), role);
        }
        let error = "root".parse::<Role>().unwrap_err().to_string();
        assert!(error.contains("`root`"), "{error}");
        for role in Role::ALL {
            assert!(error.contains(role.word()), "the message names every role: {error}");
        }
    }
}
