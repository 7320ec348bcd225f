use alloy_primitives::{Address, B256, KECCAK256_EMPTY, Keccak256, U256, b256, keccak256};

use crate::operation::EIP7702_MARKER;
use crate::pack::{PAYMASTER_HEAD, PAYMASTER_SIGNATURE_MAGIC, without_signature};
use crate::{EntryPoint, EntryPointVersion, OperationError, UserOperation};

/// `keccak256` of the EIP-712 type of a packed operation.
const PACKED_USER_OPERATION_TYPE_HASH: B256 =
    b256!("0x29a0bca4af4be3421398da00295e58e6d7de38cb492214754cb6a47507dd6f8e");
/// `keccak256` of `EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)`.
pub(crate) const DOMAIN_TYPE_HASH: B256 = b256!("0x8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f");
/// `keccak256("ERC4337")`.
const DOMAIN_NAME_HASH: B256 = b256!("0x364da28a5c92bcc87fe97c8813a6c6b8a3a049b0ea0a328fcb0b4f0e00337586");
/// `keccak256("1")`.
const DOMAIN_VERSION_HASH: B256 = b256!("0xc89efdaa54c0f20c7adf612882df0950f5a951637e0307cdcb4c672f298b8bc6");

/// Computes operation hashes for one entry point on one chain, without allocating.
///
/// From 0.8 on the EIP-712 domain separator is computed once and kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperationHasher {
    entry_point: EntryPoint,
    chain_id: u64,
    domain_separator: B256,
}

impl OperationHasher {
    /// A hasher for one entry point on one chain.
    #[must_use]
    pub fn new(entry_point: EntryPoint, chain_id: u64) -> Self {
        let domain_separator = match entry_point.version {
            EntryPointVersion::V0_6 | EntryPointVersion::V0_7 => B256::ZERO,
            EntryPointVersion::V0_8 | EntryPointVersion::V0_9 => {
                let mut words = Words::<5>::new();
                words.push(DOMAIN_TYPE_HASH);
                words.push(DOMAIN_NAME_HASH);
                words.push(DOMAIN_VERSION_HASH);
                words.number(U256::from(chain_id));
                words.address(entry_point.address);
                words.hash()
            }
        };
        Self { entry_point, chain_id, domain_separator }
    }

    /// The operation's hash, as the entry point computes it.
    ///
    /// For an EIP-7702 sender whose factory is the marker, 0.8 and later hash the delegate: it is taken from the
    /// operation's authorization; use [`hash_delegated`](Self::hash_delegated) when the account is delegated already.
    ///
    /// # Errors
    /// When the delegate is not known, or there is a paymaster signature that the version has no place for.
    pub fn hash(&self, operation: &UserOperation) -> Result<B256, OperationError> {
        let marked = operation.factory.as_ref().is_some_and(|factory| factory.is_eip7702());
        if !marked || !self.entry_point.version.knows_eip7702() {
            return self.finish(operation, None);
        }
        let authorization = operation.authorization.as_ref().ok_or(OperationError::UnknownDelegate)?;
        self.finish(operation, Some(authorization.address))
    }

    /// As [`hash`](Self::hash), for a sender whose code delegates to `delegate` (EIP-7702).
    ///
    /// # Errors
    /// When there is a paymaster signature that the version has no place for.
    pub fn hash_delegated(&self, operation: &UserOperation, delegate: Address) -> Result<B256, OperationError> {
        let marked = operation.factory.as_ref().is_some_and(|factory| factory.is_eip7702());
        self.finish(operation, (marked && self.entry_point.version.knows_eip7702()).then_some(delegate))
    }

    /// The hash as viem computes it, which is not the contract's for EIP-7702 markers: the delegate is put in for 0.6
    /// and 0.7 too, and a marker without an authorization is hashed in 20 bytes without its data.
    ///
    /// For looking up what that library has recorded; sign [`hash`](Self::hash) instead.
    ///
    /// # Errors
    /// As [`hash`](Self::hash), except that the delegate need not be known.
    #[doc(alias = "getUserOperationHash")]
    pub fn hash_as_viem(&self, operation: &UserOperation) -> Result<B256, OperationError> {
        match (&operation.factory, &operation.authorization) {
            (Some(factory), Some(authorization)) if factory.is_eip7702() => {
                self.finish(operation, Some(authorization.address))
            }
            (Some(factory), None) if factory.is_eip7702() => {
                let init_code = keccak256(EIP7702_MARKER);
                self.finish_with(operation, init_code)
            }
            _ => self.finish(operation, None),
        }
    }

    fn finish(&self, operation: &UserOperation, delegate: Option<Address>) -> Result<B256, OperationError> {
        let init_code = operation.factory.as_ref().map_or(KECCAK256_EMPTY, |factory| {
            let head = delegate.as_ref().map_or_else(|| factory.head(), |delegate| delegate.as_slice());
            keccak_parts([head, factory.data()])
        });
        self.finish_with(operation, init_code)
    }

    fn finish_with(&self, operation: &UserOperation, init_code: B256) -> Result<B256, OperationError> {
        let version = self.entry_point.version;
        let call_data = keccak_or_empty(&operation.call_data);
        let paymaster = hash_paymaster(operation, version)?;
        let inner = match version {
            EntryPointVersion::V0_6 => {
                let mut words = Words::<10>::new();
                words.address(operation.sender);
                words.number(operation.nonce);
                words.push(init_code);
                words.push(call_data);
                words.pair(0, operation.call_gas_limit);
                words.pair(0, operation.verification_gas_limit);
                words.number(operation.pre_verification_gas);
                words.pair(0, operation.max_fee_per_gas);
                words.pair(0, operation.max_priority_fee_per_gas);
                words.push(paymaster);
                words.hash()
            }
            EntryPointVersion::V0_7 => {
                let mut words = Words::<8>::new();
                words.packed_operation(operation, init_code, call_data, paymaster);
                words.hash()
            }
            EntryPointVersion::V0_8 | EntryPointVersion::V0_9 => {
                let mut words = Words::<9>::new();
                words.push(PACKED_USER_OPERATION_TYPE_HASH);
                words.packed_operation(operation, init_code, call_data, paymaster);
                return Ok(eip712_digest(self.domain_separator, words.hash()));
            }
        };
        let mut words = Words::<3>::new();
        words.push(inner);
        words.address(self.entry_point.address);
        words.number(U256::from(self.chain_id));
        Ok(words.hash())
    }
}

impl UserOperation {
    /// The operation's hash, as the entry point computes it: see [`OperationHasher::hash`].
    ///
    /// # Errors
    /// When an EIP-7702 delegate is not known, or there is a paymaster signature that the version has no place for.
    #[doc(alias = "getUserOpHash")]
    pub fn hash(&self, entry_point: EntryPoint, chain_id: u64) -> Result<B256, OperationError> {
        OperationHasher::new(entry_point, chain_id).hash(self)
    }
}

/// `keccak256(0x1901 ++ domain separator ++ struct hash)` (EIP-712).
pub(crate) fn eip712_digest(domain_separator: B256, struct_hash: B256) -> B256 {
    let mut message = [0; 66];
    message[..2].copy_from_slice(&[0x19, 0x01]);
    message[2..34].copy_from_slice(domain_separator.as_slice());
    message[34..].copy_from_slice(struct_hash.as_slice());
    keccak256(message)
}

fn hash_paymaster(operation: &UserOperation, version: EntryPointVersion) -> Result<B256, OperationError> {
    let signed = operation.paymaster_signature(version)?.is_some();
    let Some(paymaster) = &operation.paymaster else { return Ok(KECCAK256_EMPTY) };
    if !version.is_packed() {
        return Ok(keccak_parts([paymaster.address.as_slice(), &paymaster.data]));
    }
    let mut head = [0; PAYMASTER_HEAD];
    head[..20].copy_from_slice(paymaster.address.as_slice());
    head[20..36].copy_from_slice(&paymaster.verification_gas_limit.to_be_bytes());
    head[36..].copy_from_slice(&paymaster.post_op_gas_limit.to_be_bytes());
    if version == EntryPointVersion::V0_9 {
        if signed {
            return Ok(keccak_parts([&head[..], &paymaster.data, &PAYMASTER_SIGNATURE_MAGIC]));
        }
        // The data may already carry a signature with its tail.
        if let Some(data) = without_signature(&paymaster.data)? {
            return Ok(keccak_parts([&head[..], data, &PAYMASTER_SIGNATURE_MAGIC]));
        }
    }
    Ok(keccak_parts([&head[..], &paymaster.data]))
}

fn keccak_or_empty(bytes: &[u8]) -> B256 {
    if bytes.is_empty() { KECCAK256_EMPTY } else { keccak256(bytes) }
}

fn keccak_parts<const N: usize>(parts: [&[u8]; N]) -> B256 {
    let mut hasher = Keccak256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize()
}

/// ABI words on the stack.
pub(crate) struct Words<const N: usize> {
    words: [[u8; 32]; N],
    used: usize,
}

impl<const N: usize> Words<N> {
    pub(crate) const fn new() -> Self {
        Self { words: [[0; 32]; N], used: 0 }
    }

    pub(crate) const fn push(&mut self, word: B256) {
        self.words[self.used] = word.0;
        self.used += 1;
    }

    pub(crate) fn number(&mut self, number: U256) {
        self.push(B256::from(number));
    }

    pub(crate) fn address(&mut self, address: Address) {
        self.push(address.into_word());
    }

    fn pair(&mut self, high: u128, low: u128) {
        let word = &mut self.words[self.used];
        word[..16].copy_from_slice(&high.to_be_bytes());
        word[16..].copy_from_slice(&low.to_be_bytes());
        self.used += 1;
    }

    /// The eight members that the hashes of 0.7 and later share.
    fn packed_operation(&mut self, operation: &UserOperation, init_code: B256, call_data: B256, paymaster: B256) {
        self.address(operation.sender);
        self.number(operation.nonce);
        self.push(init_code);
        self.push(call_data);
        self.pair(operation.verification_gas_limit, operation.call_gas_limit);
        self.number(operation.pre_verification_gas);
        self.pair(operation.max_priority_fee_per_gas, operation.max_fee_per_gas);
        self.push(paymaster);
    }

    pub(crate) fn hash(&self) -> B256 {
        keccak256(self.words[..self.used].as_flattened())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Authorization, Factory, Paymaster};
    use alloy_primitives::{address, bytes};

    #[test]
    fn constants_are_the_hashes_of_their_texts() {
        let operation = "PackedUserOperation(address sender,uint256 nonce,bytes initCode,bytes callData,\
            bytes32 accountGasLimits,uint256 preVerificationGas,bytes32 gasFees,bytes paymasterAndData)";
        let domain = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
        assert_eq!(PACKED_USER_OPERATION_TYPE_HASH, keccak256(operation));
        assert_eq!(DOMAIN_TYPE_HASH, keccak256(domain));
        assert_eq!(DOMAIN_NAME_HASH, keccak256("ERC4337"));
        assert_eq!(DOMAIN_VERSION_HASH, keccak256("1"));
    }

    #[test]
    fn marker_needs_its_delegate() {
        let delegate = address!("0x00000000000000000000000000000000000000de");
        let operation = UserOperation::default().with_factory(Factory::eip7702(bytes!("01")));
        assert_eq!(operation.hash(EntryPoint::V0_8, 1), Err(OperationError::UnknownDelegate));

        let hasher = OperationHasher::new(EntryPoint::V0_8, 1);
        let signed = operation.clone().with_authorization(Authorization::unsigned(U256::from(1), delegate, 0));
        assert_eq!(hasher.hash(&signed), hasher.hash_delegated(&operation, delegate));
        // 0.7 hashes the bytes as they are: the marker is a factory's address to it.
        let plain = OperationHasher::new(EntryPoint::V0_7, 1);
        assert_eq!(plain.hash(&operation), plain.hash(&signed));
        assert_ne!(plain.hash(&signed), plain.hash_as_viem(&signed));
    }

    #[test]
    fn empty_paymaster_signature_is_none() {
        let paymaster = Paymaster::new(address!("0x00000000000000000000000000000000000000bb"), bytes!("aa"));
        let plain = UserOperation::default().with_paymaster(paymaster.clone());
        let empty = UserOperation::default().with_paymaster(paymaster.with_signature(bytes!("")));
        assert_eq!(plain.hash(EntryPoint::V0_9, 1), empty.hash(EntryPoint::V0_9, 1));
    }

    #[test]
    fn paymaster_signature_inside_the_data_hashes_as_the_field() {
        let paymaster = Paymaster::new(address!("0x00000000000000000000000000000000000000bb"), bytes!("aa"));
        let field = UserOperation::default().with_paymaster(paymaster.clone().with_signature(bytes!("010203")));
        let inside = UserOperation::default()
            .with_paymaster(Paymaster { data: bytes!("aa010203000322e325a297439656"), ..paymaster });
        assert_eq!(field.hash(EntryPoint::V0_9, 1), inside.hash(EntryPoint::V0_9, 1));
        assert_ne!(field.hash(EntryPoint::V0_9, 1), inside.hash(EntryPoint::V0_8, 1));
    }
}
