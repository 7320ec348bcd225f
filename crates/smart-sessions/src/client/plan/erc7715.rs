//! Plans from what applications ask wallets for (ERC-7715).

use std::string::{String, ToString as _};
use std::vec::Vec;

use alloy_primitives::B256;
use alloy_signer::Signer;
use policy_encoding::erc7715::{PermissionRequest, PermissionResponse};
use userop::account::Account;

use super::{GrantPlanBuilder, PlanError};
use crate::client::{Error, Grant, Owner};

impl<A: Account, S: Signer + Sync> Owner<A, S> {
    /// Plans to grant what the requests of `wallet_grantPermissions` ask for, a session for each, by one signature. Each
    /// session has a random salt.
    ///
    /// # Errors
    /// [`PlanError::NotMapped`] when a session cannot hold all of a request: a wallet must not answer as if it were granted.
    /// [`Error::OtherChain`] and [`Error::OtherAccount`] when a request is for others than this owner's, [`PlanError::Request`]
    /// when it makes no session.
    #[doc(alias = "wallet_grantPermissions")]
    pub fn plan_requests(&self, requests: &[PermissionRequest]) -> Result<GrantPlanBuilder, Error> {
        let (connected, account) = (self.chain().chain_id(), self.account().address());
        let mut sessions = Vec::with_capacity(requests.len());
        for (request, asked) in requests.iter().enumerate() {
            let granted = asked.chain_id.to();
            if granted != connected {
                return Err(Error::OtherChain { granted, connected });
            }
            if let Some(granted) = asked.address.filter(|address| *address != account) {
                return Err(Error::OtherAccount { granted, given: account });
            }
            let mapped = asked.to_session(self.chain().deployment(), B256::random());
            let mapped = mapped.map_err(|reason| PlanError::Request { request, reason })?;
            if !mapped.not_mapped.is_empty() {
                return Err(PlanError::NotMapped { request, not_mapped: mapped.not_mapped }.into());
            }
            sessions.push(mapped.session);
        }
        Ok(self.plan(sessions))
    }
}

impl Grant {
    /// The answer to a request that this grant holds all of. Its `context` is the grant's stored text.
    #[must_use]
    #[doc(alias = "permissionsContext")]
    pub fn to_permission_response(&self, request: &PermissionRequest) -> PermissionResponse {
        let mut granted = request.clone();
        granted.address = Some(self.account);
        PermissionResponse::new(granted, self.to_text().into_bytes().into())
    }

    /// The grant in a wallet's answer that [`to_permission_response`](Self::to_permission_response) has made.
    ///
    /// # Errors
    /// When the context is no grant's text, or the grant is for another chain or account than the answer says.
    pub fn from_permission_response(response: &PermissionResponse) -> Result<Self, Error> {
        let text = std::str::from_utf8(&response.context);
        let text = text.map_err(|error| PlanError::Text(error.to_string()))?;
        let grant = Self::from_text(text, response.granted.chain_id.to())?;
        match response.granted.address {
            Some(given) if given != grant.account => Err(Error::OtherAccount { granted: grant.account, given }),
            _ => Ok(grant),
        }
    }
}

/// What is left out, each with its reason.
pub(super) fn listed(not_mapped: &[policy_encoding::erc7715::NotMapped]) -> String {
    let each = |left_out: &policy_encoding::erc7715::NotMapped| {
        let policy_encoding::erc7715::NotMapped { index, kind, reason, .. } = left_out;
        std::format!("permission {index} ({kind}): {reason}")
    };
    not_mapped.iter().map(each).collect::<Vec<_>>().join("; ")
}
