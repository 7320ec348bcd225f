//! What a store holds that keeps everything in memory at once.

use std::boxed::Box;
use std::collections::BTreeMap;
use std::string::String;
use std::vec::Vec;

use super::lease::Leases;
use super::work::Works;
use super::{GrantFilter, GrantKey, StoreError};
use crate::Grant;

/// Grants as text, leases, and operations by work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Contents {
    pub(crate) grants: BTreeMap<GrantKey, String>,
    pub(crate) leases: Leases,
    pub(crate) works: Works,
}

impl Contents {
    pub(crate) fn put(&mut self, key: GrantKey, text: String) {
        self.grants.insert(key, text);
    }

    pub(crate) fn get(&self, key: GrantKey) -> Result<Option<Grant>, StoreError> {
        self.grants.get(&key).map(|text| read(key, text)).transpose()
    }

    pub(crate) fn list(&self, filter: GrantFilter) -> Result<Vec<Grant>, StoreError> {
        let meant = self.grants.iter().filter(|(key, _)| filter.matches(key));
        meant.map(|(key, text)| read(*key, text)).collect()
    }

    pub(crate) fn remove(&mut self, key: GrantKey) -> bool {
        self.grants.remove(&key).is_some()
    }
}

/// A grant's key and text, once it is sure that the text gives the grant back.
pub(crate) fn write(grant: &Grant) -> Result<(GrantKey, String), StoreError> {
    let (key, text) = (GrantKey::from(grant), grant.to_text());
    match Grant::from_text(&text, grant.chain_id) {
        Ok(read) if read == *grant => Ok((key, text)),
        _ => Err(StoreError::NotStorable { key }),
    }
}

/// The grant of stored text.
pub(crate) fn read(key: GrantKey, text: &str) -> Result<Grant, StoreError> {
    let grant =
        Grant::from_text(text, key.chain_id).map_err(|error| StoreError::Unreadable { key, error: Box::new(error) })?;
    // Text that was put under another key by hand.
    if GrantKey::from(&grant) != key {
        return Err(StoreError::NotStorable { key });
    }
    Ok(grant)
}
