//! A plan as text: for another process or machine.

use std::string::{String, ToString as _};
use std::vec::Vec;

use alloy_primitives::{Address, B256, Bytes, keccak256};
use serde::{Deserialize, Serialize};
use session_types::frozen::FrozenGrant;
use session_types::{AccountType, Session};

use super::{GrantPlan, PlanError, PlannedAccount};
use crate::Error;

const KIND: &str = "smart-sessions grant plan";
const VERSION: u32 = 1;

/// The JSON of a plan: the body, and the keccak-256 of the body's own text.
#[derive(Serialize, Deserialize)]
struct Document {
    #[serde(flatten)]
    body: Body,
    checksum: B256,
}

// The order of the members is that of the text that the checksum is made of: it never changes.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    kind: String,
    version: u32,
    /// The sessions, as [`FrozenGrant`] encodes them.
    frozen: Bytes,
    owner: Option<Address>,
    description: Option<String>,
    accounts: Vec<WrittenAccount>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenAccount {
    account_type: Option<String>,
    validator: Option<Address>,
    module_installed: bool,
}

/// What is read first, so that a later version is named as such whatever its members are.
#[derive(Deserialize)]
struct Head {
    kind: String,
    version: u32,
}

impl GrantPlan {
    /// The plan as text: JSON of one line, with a version and a checksum against damage. What was accepted is not in it:
    /// whoever reads it decides anew.
    #[must_use]
    pub fn to_text(&self) -> String {
        let accounts = self.accounts.iter().map(|account| WrittenAccount {
            account_type: account.form.map(|(account_type, _)| account_type.as_str().into()),
            validator: account.form.map(|(_, validator)| validator),
            module_installed: account.is_installed,
        });
        let body = Body {
            kind: KIND.into(),
            version: VERSION,
            frozen: self.frozen.encode(),
            owner: self.owner,
            description: self.description.clone(),
            accounts: accounts.collect(),
        };
        let checksum = body.checksum();
        serde_json::to_string(&Document { body, checksum }).unwrap_or_default()
    }

    /// Reads a plan's text. Its digests are computed anew, and every session must be one that the module would enable.
    ///
    /// The checksum shows damage, not intent: what matters is what [`explanation`](Self::explanation) says of this plan.
    ///
    /// # Errors
    /// When the text is malformed, damaged, of a later version, or contradicts itself, or a session cannot be enabled.
    pub fn from_text(text: &str) -> Result<Self, Error> {
        let malformed = |error: serde_json::Error| PlanError::Text(error.to_string());
        let head: Head = serde_json::from_str(text).map_err(malformed)?;
        if head.kind != KIND {
            return Err(PlanError::Text("expected a grant plan".into()).into());
        }
        if head.version > VERSION {
            return Err(PlanError::Newer { version: head.version }.into());
        }
        let Document { body, checksum: expected } = serde_json::from_str(text).map_err(malformed)?;
        let seen = body.checksum();
        if expected != seen {
            return Err(PlanError::Damaged { expected, seen }.into());
        }
        let frozen = FrozenGrant::decode(&body.frozen).map_err(PlanError::Frozen)?;
        for entry in frozen.grant().entries() {
            Session::try_from_abi(entry.session.clone(), frozen.deployment())?;
        }
        let Body { owner, description, accounts, .. } = body;
        let accounts = accounts.into_iter().map(PlannedAccount::try_from).collect::<Result<Vec<_>, _>>()?;
        let (entries, described) = (frozen.grant().entries().len(), accounts.len());
        if entries != described {
            let contradiction = std::format!("{entries} sessions with {described} accounts, expected one for each");
            return Err(PlanError::Text(contradiction).into());
        }
        Ok(Self { frozen, accounts, owner, description, accepted: Vec::new() })
    }
}

impl Body {
    fn checksum(&self) -> B256 {
        keccak256(serde_json::to_vec(self).unwrap_or_default())
    }
}

impl TryFrom<WrittenAccount> for PlannedAccount {
    type Error = PlanError;

    fn try_from(written: WrittenAccount) -> Result<Self, PlanError> {
        let form = match (written.account_type, written.validator) {
            (None, None) => None,
            (Some(name), Some(validator)) => {
                let unknown = || PlanError::Text(std::format!("unknown account type {name:?}"));
                Some((AccountType::from_name(&name).ok_or_else(unknown)?, validator))
            }
            _ => return Err(PlanError::Text("an account type without a validator, or the other way round".into())),
        };
        Ok(Self { form, is_installed: written.module_installed })
    }
}
