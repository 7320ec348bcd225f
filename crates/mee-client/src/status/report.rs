use std::fmt;

use alloy_primitives::B256;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::{Phase, Progress, StatusMode, progress};
use crate::wire::decimal_u64;

/// What a node says of a supertransaction, exactly as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    raw: Map<String, Value>,
    body: ReportBody,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReportBody {
    hash: B256,
    #[serde(default)]
    user_ops: Vec<ExecutedOp>,
}

/// What a node says of one operation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutedOp {
    /// How far it is; absent before it was looked at.
    #[serde(default, deserialize_with = "phase")]
    pub execution_status: Option<Phase>,
    /// The transaction that executes it, as text.
    #[serde(default, deserialize_with = "text")]
    pub execution_data: String,
    /// Why it failed or waits.
    #[serde(default, deserialize_with = "text")]
    pub execution_error: String,
    /// Whether its block is final enough for the node.
    #[serde(default)]
    pub is_confirmed: Option<bool>,
    /// Whether it only sweeps what is left.
    #[serde(default)]
    pub is_clean_up_user_op: Option<bool>,
    /// The EIP-155 chain id.
    #[serde(default, with = "decimal_u64")]
    pub chain_id: u64,
    /// Its hash.
    #[serde(default)]
    pub user_op_hash: B256,
    /// Its leaf with bounds.
    #[serde(default)]
    pub mee_user_op_hash: B256,
}

impl ExecutedOp {
    /// The transaction that executes it.
    #[must_use]
    pub fn transaction(&self) -> Option<B256> {
        self.execution_data.parse().ok()
    }

    pub(super) fn is_clean_up(&self) -> bool {
        self.is_clean_up_user_op.unwrap_or_default()
    }
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A phase that this client does not know is none.
fn phase<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Phase>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.and_then(|text| Phase::from_text(&text)))
}

impl Report {
    /// The supertransaction.
    #[must_use]
    pub const fn hash(&self) -> B256 {
        self.body.hash
    }

    /// The operations without the payment.
    #[must_use]
    pub fn user_ops(&self) -> &[ExecutedOp] {
        self.body.user_ops.get(1..).unwrap_or_default()
    }

    /// The payment.
    #[must_use]
    pub fn payment(&self) -> Option<&ExecutedOp> {
        self.body.user_ops.first()
    }

    /// The JSON as it came, payment included.
    #[must_use]
    pub const fn raw(&self) -> &Map<String, Value> {
        &self.raw
    }

    /// Where people can look at the supertransaction: `explorer` is the base address of a supertransaction explorer, and
    /// `of_chain` gives that of a chain's explorer (`{base}/tx/{transaction}`), where there is one.
    #[doc(alias = "explorerLinks")]
    pub fn links(&self, explorer: &str, of_chain: impl Fn(u64) -> Option<String>) -> Vec<String> {
        let base = |base: &str| base.trim_end_matches('/').to_owned();
        let chains = self.user_ops().iter().filter_map(|op| {
            let transaction = op.transaction()?;
            Some(format!("{}/tx/{transaction}", base(&of_chain(op.chain_id)?)))
        });
        std::iter::once(format!("{}/details/{}", base(explorer), self.hash())).chain(chains).collect()
    }

    /// How far the supertransaction is as a whole.
    #[must_use]
    pub fn progress(&self, mode: StatusMode) -> Progress {
        progress(self.user_ops(), mode)
    }
}

impl<'de> Deserialize<'de> for Report {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Map::deserialize(deserializer)?;
        let body = ReportBody::deserialize(&raw).map_err(serde::de::Error::custom)?;
        Ok(Self { raw, body })
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.raw.serialize(serializer)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
