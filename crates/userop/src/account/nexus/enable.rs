use alloc::vec::Vec;
use alloy_primitives::{Address, B256, Bytes, U256, b256, keccak256};
use alloy_sol_types::Eip712Domain;

use crate::account::{Account, AccountError, Nexus, Validator};
use crate::hash::{Words, eip712_digest};

/// Which EIP-712 type the owner signs to enable a module within an operation.
///
/// The struct hash is over the same words; the type's text, and so its hash, changed between the generations. (The
/// reference library exports the hash of a third text that no deployed account knows.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EnableType {
    /// `ModuleEnableMode(address module,uint256 moduleType,bytes32 userOpHash,bytes32 initDataHash)`: 1.0.x.
    InitDataHash,
    /// `ModuleEnableMode(address module,uint256 moduleType,bytes32 userOpHash,bytes initData)`: 1.2 and later.
    InitData,
}

impl EnableType {
    /// The type's hash.
    #[must_use]
    pub const fn hash(self) -> B256 {
        match self {
            Self::InitDataHash => b256!("0xbe844ccefa05559a48680cb7fe805b2ec58df122784191aed18f9f315c763e1b"),
            Self::InitData => b256!("0xf6c866c1cd985ce61f030431e576c0e82887de0643dfa8a2e6efc3463e638ed0"),
        }
    }
}

/// A module that an operation brings with it: an owner signs that it may be installed, and the module (or another
/// validator) then checks the operation itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleEnable {
    /// The type that is signed.
    pub enable_type: EnableType,
    /// The module.
    pub module: Address,
    /// Its type; 0 when `init_data` has the form of several types.
    pub module_type: U256,
    /// Its init data.
    pub init_data: Bytes,
}

impl ModuleEnable {
    /// The EIP-712 struct hash for an operation.
    #[must_use]
    pub fn struct_hash(&self, user_op_hash: B256) -> B256 {
        let mut words = Words::<5>::new();
        words.push(self.enable_type.hash());
        words.address(self.module);
        words.number(self.module_type);
        words.push(user_op_hash);
        words.push(keccak256(&self.init_data));
        words.hash()
    }

    /// What the owner's validator checks: the EIP-712 digest under the account's domain.
    #[must_use]
    pub fn digest(&self, domain: &Eip712Domain, user_op_hash: B256) -> B256 {
        eip712_digest(domain.separator(), self.struct_hash(user_op_hash))
    }

    /// The operation's signature:
    /// `module(20) ++ moduleType(32) ++ length(4) ++ initData ++ length(4) ++ enableSignature ++ operationSignature`,
    /// where the enable signature is `validator(20) ++ signature` of a validator that is installed already.
    ///
    /// # Errors
    /// When a part is too long, or the account has no such validator.
    pub fn encode(
        &self,
        account: &Nexus,
        enabler: Validator,
        enable_signature: &[u8],
        operation_signature: &[u8],
    ) -> Result<Bytes, AccountError> {
        let enable_signature = account.wrap_signature(enabler, enable_signature)?;
        let mut out =
            Vec::with_capacity(60 + self.init_data.len() + enable_signature.len() + operation_signature.len());
        out.extend_from_slice(self.module.as_slice());
        out.extend_from_slice(&self.module_type.to_be_bytes::<32>());
        push_part(&mut out, &self.init_data)?;
        push_part(&mut out, &enable_signature)?;
        out.extend_from_slice(operation_signature);
        Ok(out.into())
    }
}

/// The parts of a signature in the module-enable mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnableData {
    /// The module.
    pub module: Address,
    /// Its type.
    pub module_type: U256,
    /// Its init data.
    pub init_data: Bytes,
    /// `validator(20) ++ signature` of the enabling validator.
    pub enable_signature: Bytes,
    /// What the validator named in the nonce checks.
    pub operation_signature: Bytes,
}

impl EnableData {
    /// Reads a signature in the module-enable mode.
    ///
    /// # Errors
    /// When it ends before what it announces.
    pub fn decode(signature: &[u8]) -> Result<Self, AccountError> {
        let short = |expected| AccountError::Signature { expected, length: signature.len() };
        let head = signature.get(..52).ok_or_else(|| short(52))?;
        let (init_data, at) = part(signature, 52).ok_or_else(|| short(60))?;
        let (enable_signature, at) = part(signature, at).ok_or_else(|| short(at.saturating_add(4)))?;
        Ok(Self {
            module: Address::from_slice(&head[..20]),
            module_type: U256::from_be_slice(&head[20..]),
            init_data: Bytes::copy_from_slice(init_data),
            enable_signature: Bytes::copy_from_slice(enable_signature),
            operation_signature: Bytes::copy_from_slice(&signature[at..]),
        })
    }
}

fn push_part(out: &mut Vec<u8>, part: &[u8]) -> Result<(), AccountError> {
    let length = u32::try_from(part.len()).map_err(|_| AccountError::TooLong { length: part.len() })?;
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(part);
    Ok(())
}

/// The part whose length stands at `at`, and the place after it.
fn part(data: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let start = at.checked_add(4)?;
    let length = data.get(at..start)?;
    let length = usize::try_from(u32::from_be_bytes([length[0], length[1], length[2], length[3]])).ok()?;
    let end = start.checked_add(length)?;
    Some((data.get(start..end)?, end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::nexus::NexusDeployment;
    use alloy_primitives::bytes;
    use proptest::prelude::*;

    #[test]
    fn type_hashes_are_those_of_their_texts() {
        let text =
            |last| alloc::format!("ModuleEnableMode(address module,uint256 moduleType,bytes32 userOpHash,{last})");
        assert_eq!(EnableType::InitDataHash.hash(), keccak256(text("bytes32 initDataHash")));
        assert_eq!(EnableType::InitData.hash(), keccak256(text("bytes initData")));
    }

    #[test]
    fn signature_reads_back() {
        let account = Nexus::at(NexusDeployment::V2_0_0, Address::repeat_byte(1));
        let module = Address::repeat_byte(2);
        let enable = account.enable_module(module, crate::account::ModuleType::Validator, bytes!("0102"));
        let signature = enable.encode(&account, Validator::Default, &[3; 65], &[4; 70]).unwrap();
        let read = EnableData::decode(&signature).unwrap();
        assert_eq!((read.module, read.module_type, read.init_data), (module, U256::from(1), bytes!("0102")));
        let (enabler, inner) = account.unwrap_enable_signature(&read.enable_signature).unwrap();
        assert_eq!((enabler, inner.len()), (Validator::Default, 65));
        assert_eq!(read.operation_signature, Bytes::from([4; 70]));
    }

    proptest! {
        #[test]
        fn any_bytes_give_parts_or_an_error(data in proptest::collection::vec(any::<u8>(), 0..150)) {
            if let Ok(parts) = EnableData::decode(&data) {
                let all = parts.init_data.len() + parts.enable_signature.len() + parts.operation_signature.len();
                prop_assert_eq!(all + 60, data.len());
            }
        }
    }
}
