use alloy_primitives::{Address, B256, Bytes, b256, keccak256};
use alloy_sol_types::{Eip712Domain, SolCall, SolValue};

use super::{Nexus, NexusInit};
use crate::abi::nexus::{EmergencyUninstall, emergencyUninstallHookCall, initializeAccountCall, v1_0};
use crate::account::{Account, AccountError, Validator};
use crate::hash::{Words, eip712_digest};
use crate::{Call, Factory};

/// `keccak256` of `EmergencyUninstall(address hook,uint256 hookType,bytes deInitData,uint256 nonce)`.
pub const EMERGENCY_UNINSTALL_TYPE_HASH: B256 =
    b256!("0xd3ddfc12654178cc44d4a7b6b969cfdce7ffe6342326ba37825314cffa0fba9c");

/// What a key account signs so that anybody may initialise it once (1.2.1 and later): `keccak256(initData)`, raw.
///
/// The digest binds neither chain nor implementation: the same signature works on every chain.
#[must_use]
pub fn initialize_signing_hash(init_data: &[u8]) -> B256 {
    keccak256(init_data)
}

/// Key accounts that run Nexus code (EIP-7702), and what only 1.2 and later can.
impl Nexus {
    /// The call by which a delegated key account initialises itself, from its first operation.
    ///
    /// # Errors
    /// When the init value is one of an owner's factory.
    pub fn initialize(&self, init: &NexusInit) -> Result<Call, AccountError> {
        let call = initializeAccountCall { initData: self.deployment().init_data(init)? };
        Ok(Call::new(self.address(), call.abi_encode()))
    }

    /// The call by which anybody initialises a delegated key account with its consent (1.2.1 and later):
    /// `initializeAccount(signature(65) ++ initData)`, the signature being over [`initialize_signing_hash`].
    ///
    /// # Errors
    /// When the init value is one of an owner's factory.
    pub fn initialize_signed(&self, init: &NexusInit, signature: &[u8; 65]) -> Result<Call, AccountError> {
        let init_data = self.deployment().init_data(init)?;
        let call = initializeAccountCall { initData: [&signature[..], &init_data].concat().into() };
        Ok(Call::new(self.address(), call.abi_encode()))
    }

    /// The factory part of a delegated key account's first operation at an entry point that knows EIP-7702 (0.8 and
    /// later): the marker, and the initialising call. On 0.7 leave the factory out.
    ///
    /// # Errors
    /// When the init value is one of an owner's factory.
    pub fn eip7702_factory(&self, init: &NexusInit) -> Result<Factory, AccountError> {
        Ok(Factory::eip7702(self.initialize(init)?.data))
    }

    /// The signature of an operation in the mode [`Prepare`](crate::account::ValidationMode::Prepare):
    /// `abi.encode(bytes32 saltAndDelegation, bytes initData, bytes signature)`, for accounts not initialised yet.
    ///
    /// # Errors
    /// When the init value is one of an owner's factory.
    pub fn prepare_signature(
        &self,
        salt_and_delegation: B256,
        init: &NexusInit,
        signature: &[u8],
    ) -> Result<Bytes, AccountError> {
        let init_data = self.deployment().init_data(init)?;
        Ok((salt_and_delegation, init_data, Bytes::copy_from_slice(signature)).abi_encode_params().into())
    }

    /// The call that removes a hook without its consent, as the own call of an operation (1.0.x). The first call starts
    /// a day of waiting, a second one between one and three days later removes.
    #[must_use]
    pub fn emergency_uninstall_v1_0(&self, hook: Address, data: impl Into<Bytes>) -> Call {
        let call = v1_0::emergencyUninstallHookCall { hook, deInitData: data.into() };
        Call::new(self.address(), call.abi_encode())
    }

    /// The call that removes a hook without its consent, with the signature of a validator (1.2 and later): sign
    /// [`emergency_uninstall_digest`](Self::emergency_uninstall_digest).
    ///
    /// # Errors
    /// When the account has no such validator.
    pub fn emergency_uninstall(
        &self,
        data: EmergencyUninstall,
        validator: Validator,
        signature: &[u8],
    ) -> Result<Call, AccountError> {
        let call = emergencyUninstallHookCall { data, signature: self.wrap_signature(validator, signature)? };
        Ok(Call::new(self.address(), call.abi_encode()))
    }

    /// What a validator signs to remove a hook without its consent: the EIP-712 digest under the account's domain.
    #[must_use]
    pub fn emergency_uninstall_digest(domain: &Eip712Domain, data: &EmergencyUninstall) -> B256 {
        let mut words = Words::<5>::new();
        words.push(EMERGENCY_UNINSTALL_TYPE_HASH);
        words.address(data.hook);
        words.number(data.hookType);
        words.push(keccak256(&data.deInitData));
        words.number(data.nonce);
        eip712_digest(domain.separator(), words.hash())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::nexus::NexusDeployment;
    use alloy_primitives::U256;
    use alloy_sol_types::SolStruct;

    #[test]
    fn emergency_digest_is_the_typed_data() {
        let account = Nexus::at(NexusDeployment::V2_0_0, Address::repeat_byte(1));
        let data = EmergencyUninstall {
            hook: Address::repeat_byte(2),
            hookType: U256::from(4),
            deInitData: [1, 2, 3].into(),
            nonce: U256::from(9),
        };
        let domain = account.domain(31337).unwrap();
        assert_eq!(EMERGENCY_UNINSTALL_TYPE_HASH, data.eip712_type_hash());
        assert_eq!(Nexus::emergency_uninstall_digest(&domain, &data), data.eip712_signing_hash(&domain));
    }

    #[test]
    fn initialising_is_a_call_to_the_account_itself() {
        let account = Nexus::at(NexusDeployment::V2_0_0, Address::repeat_byte(1));
        let init = account.deployment().owner_init(account.address());
        let call = account.initialize(&init).unwrap();
        assert_eq!(call.to, account.address());
        let init_data = account.deployment().init_data(&init).unwrap();
        assert_eq!(initializeAccountCall::abi_decode(&call.data).unwrap().initData, init_data);
        let signed = account.initialize_signed(&init, &[7; 65]).unwrap();
        let given = initializeAccountCall::abi_decode(&signed.data).unwrap().initData;
        assert_eq!((&given[..65], &given[65..]), (&[7; 65][..], &init_data[..]));
        let factory = account.eip7702_factory(&init).unwrap();
        assert!(factory.is_eip7702());
        assert_eq!(*factory.data(), call.data);
    }
}
