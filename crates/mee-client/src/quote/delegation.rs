use std::collections::{BTreeMap, HashMap};

use alloy_primitives::{Address, B256};
use futures_util::future::try_join_all;

use super::{Delegation, RequestError};
use crate::MeeError;
use crate::account::MultichainAccount;
use crate::sign::{SignError, SigningRequest};
use crate::wire::DelegationAuthorization;

impl MultichainAccount {
    /// Signs that the owner's address runs the account's code on one chain.
    ///
    /// # Errors
    /// When the chain is not configured or cannot be asked, or the signer refuses.
    #[doc(alias = "toDelegation")]
    pub async fn authorize_on(&self, chain_id: u64) -> Result<DelegationAuthorization, MeeError> {
        let deployment = self.on(chain_id)?;
        let nonce = deployment.chain().transaction_count(self.owner(), "pending").await?;
        self.authorize(chain_id, deployment.suite().implementation_address, nonce).await
    }

    /// Signs that the owner's address runs the account's code on every chain on which its transaction count is that of
    /// `chain_id`.
    ///
    /// # Errors
    /// When the chain is not configured or cannot be asked, or the signer refuses.
    pub async fn authorize_everywhere(&self, chain_id: u64) -> Result<DelegationAuthorization, MeeError> {
        let deployment = self.on(chain_id)?;
        let nonce = deployment.chain().transaction_count(self.owner(), "pending").await?;
        self.authorize(0, deployment.suite().implementation_address, nonce).await
    }

    /// Whether the owner's address runs the account's code: `0xef0100 ++ implementation`.
    ///
    /// # Errors
    /// When the chain is not configured or cannot be asked.
    #[doc(alias = "isDelegated")]
    pub async fn is_delegated(&self, chain_id: u64) -> Result<bool, MeeError> {
        let deployment = self.on(chain_id)?;
        let code = deployment.chain().code(self.owner()).await?;
        let marker = [&[0xef, 0x01, 0x00][..], deployment.suite().implementation_address.as_slice()].concat();
        Ok(code[..] == marker[..])
    }

    async fn authorize(
        &self,
        chain_id: u64,
        address: Address,
        nonce: u64,
    ) -> Result<DelegationAuthorization, MeeError> {
        let hash = DelegationAuthorization::signing_hash(chain_id, address, nonce);
        let signature = self.signer().sign(SigningRequest::Authorization(hash)).await.map_err(SignError::Signer)?;
        let [parts @ .., v] = &signature[..] else { return Err(SignError::SignatureLength { length: 0 }.into()) };
        if parts.len() != 64 {
            return Err(SignError::SignatureLength { length: signature.len() }.into());
        }
        Ok(DelegationAuthorization {
            chain_id,
            address,
            nonce,
            r: B256::from_slice(&parts[..32]),
            s: B256::from_slice(&parts[32..]),
            y_parity: u64::from(*v == 28 || *v == 1),
        })
    }

    /// An authorization for each of these chains.
    pub(super) async fn authorizations(
        &self,
        delegation: &Delegation,
        chain_ids: &[u64],
    ) -> Result<HashMap<u64, DelegationAuthorization>, MeeError> {
        if !delegation.authorizations.is_empty() {
            return Ok(given(delegation, chain_ids)?);
        }
        let mut authorizations = HashMap::new();
        if !delegation.across_chains {
            for &chain_id in chain_ids {
                authorizations.insert(chain_id, self.authorize_on(chain_id).await?);
            }
            return Ok(authorizations);
        }
        // One signature serves the chains that agree in count and code.
        let counts = chain_ids.iter().map(|&chain_id| async move {
            let deployment = self.on(chain_id)?;
            let count = deployment.chain().transaction_count(self.owner(), "latest").await?;
            Ok::<_, MeeError>((chain_id, count, deployment.suite().implementation_address))
        });
        let mut groups: BTreeMap<(u64, Address), Vec<u64>> = BTreeMap::new();
        for (chain_id, count, implementation) in try_join_all(counts).await? {
            groups.entry((count, implementation)).or_default().push(chain_id);
        }
        for ((count, implementation), members) in groups {
            let scope = if let ([only], true) = (&members[..], chain_ids.len() > 1) { *only } else { 0 };
            let authorization = self.authorize(scope, implementation, count).await?;
            authorizations.extend(members.into_iter().map(|chain_id| (chain_id, authorization)));
        }
        Ok(authorizations)
    }
}

fn given(delegation: &Delegation, chain_ids: &[u64]) -> Result<HashMap<u64, DelegationAuthorization>, RequestError> {
    let find = |wanted: u64| delegation.authorizations.iter().find(|own| own.chain_id == wanted);
    let everywhere = if delegation.across_chains { find(0) } else { None };
    let mut found = HashMap::new();
    let mut missing = Vec::new();
    for &chain_id in chain_ids {
        match find(chain_id).or(everywhere) {
            Some(authorization) => drop(found.insert(chain_id, *authorization)),
            None => missing.push(chain_id),
        }
    }
    match (&missing[..], &delegation.authorizations[..]) {
        ([], _) => Ok(found),
        ([_], [only]) if delegation.across_chains && chain_ids.len() == 1 => {
            Err(RequestError::NotAllChains { chain_id: only.chain_id })
        }
        _ => Err(RequestError::NoAuthorization { chain_ids: missing }),
    }
}
