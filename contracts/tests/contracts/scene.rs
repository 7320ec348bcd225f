//! One account, one session module, and a key that signs.

use alloy_primitives::{Address, B256, Bytes, FixedBytes, Log, U256, address, keccak256};
use alloy_sol_types::SolCall;
use k256::ecdsa::SigningKey;
use session_contracts::address::{current, legacy};
use session_contracts::evm::{Evm, Outcome};
use session_contracts::interface::{
    ActionData, ERC7739Data, ISmartSession, IStandIn, PackedUserOperation, PolicyData, Session,
};
use session_contracts::{Contract, Generation, placements};

pub(crate) const ACCOUNT: Address = address!("0xacc0000000000000000000000000000000000001");
pub(crate) const TARGET: Address = address!("0x7a00000000000000000000000000000000000001");
pub(crate) const VALIDATOR: Address = address!("0x5e55100000000000000000000000000000000001");
pub(crate) const SELECTOR: FixedBytes<4> = FixedBytes([0x27, 0x3e, 0xa3, 0xe3]);

/// Success without a window.
pub(crate) fn always() -> U256 {
    U256::from((1_u64 << 48) - 1) << 160
}

pub(crate) struct Scene {
    pub(crate) evm: Evm,
    pub(crate) module: Address,
}

impl Scene {
    pub(crate) fn new(generation: Generation) -> Self {
        let mut evm = Evm::new();
        for placement in placements() {
            evm.set_code(placement.address, placement.code);
        }
        evm.set_code(ACCOUNT, Contract::StandInAccount.runtime_code());
        evm.set_code(VALIDATOR, Contract::StandInValidator.runtime_code());
        let domain = IStandIn::setDomainCall { name: "Nexus".into(), version: "1.2.0".into(), salt: B256::ZERO };
        evm.call(ACCOUNT, ACCOUNT, U256::ZERO, domain.abi_encode());
        let module = match generation {
            Generation::Legacy => legacy::SMART_SESSION,
            Generation::Current => current::SMART_SESSION,
        };
        Self { evm, module }
    }

    /// The account calls the module.
    pub(crate) fn call<C: SolCall>(&mut self, call: C) -> Outcome {
        self.evm.call(ACCOUNT, self.module, U256::ZERO, call.abi_encode())
    }

    /// What the call answers; it must return.
    pub(crate) fn answer<C: SolCall>(&mut self, call: C) -> C::Return {
        let outcome = self.call(call);
        let data = outcome.returned().unwrap_or_else(|| panic!("{} answered {outcome:?}", C::SIGNATURE));
        C::abi_decode_returns(data).unwrap()
    }

    pub(crate) fn logs<C: SolCall>(&mut self, call: C) -> Vec<Log> {
        let receipt = self.evm.execute(ACCOUNT, self.module, U256::ZERO, call.abi_encode());
        assert!(receipt.outcome.is_success(), "{:?}", receipt.outcome);
        receipt.logs
    }

    pub(crate) fn enable(&mut self, session: &Session) -> B256 {
        self.answer(ISmartSession::enableSessionsCall { sessions: vec![session.clone()] })[0]
    }

    pub(crate) fn enabled(&mut self, id: B256) -> bool {
        self.answer(ISmartSession::isPermissionEnabledCall { permissionId: id, account: ACCOUNT })
    }

    pub(crate) fn validate(&mut self, op: PackedUserOperation) -> Outcome {
        self.call(ISmartSession::validateUserOpCall { op, userOpHash: B256::ZERO })
    }
}

/// A session that may call one function of one target, under policies.
pub(crate) fn session(policies: Vec<PolicyData>) -> Session {
    Session {
        sessionValidator: VALIDATOR,
        sessionValidatorInitData: Bytes::new(),
        salt: B256::ZERO,
        userOpPolicies: vec![],
        erc7739Policies: ERC7739Data { allowedERC7739Content: vec![], erc1271Policies: vec![] },
        actions: vec![action(policies)],
        permitERC4337Paymaster: false,
    }
}

pub(crate) const fn action(policies: Vec<PolicyData>) -> ActionData {
    ActionData { actionTargetSelector: SELECTOR, actionTarget: TARGET, actionPolicies: policies }
}

pub(crate) fn policy(policy: Address, init_data: &[u8]) -> PolicyData {
    PolicyData { policy, initData: Bytes::copy_from_slice(init_data) }
}

/// An operation of the account; everything that is not asked about is empty.
pub(crate) fn operation(call_data: Vec<u8>, signature: Vec<u8>) -> PackedUserOperation {
    PackedUserOperation {
        sender: ACCOUNT,
        nonce: U256::ZERO,
        initCode: Bytes::new(),
        callData: call_data.into(),
        accountGasLimits: B256::ZERO,
        preVerificationGas: U256::ZERO,
        gasFees: B256::ZERO,
        paymasterAndData: Bytes::new(),
        signature: signature.into(),
    }
}

/// `execute` of one call to the target, with its session key's consent.
pub(crate) fn use_session(id: B256) -> PackedUserOperation {
    let execution = [TARGET.as_slice(), &[0; 32], SELECTOR.as_slice()].concat();
    let mut call_data = vec![0xe9, 0xae, 0x5c, 0x53];
    call_data.extend([0; 32]);
    call_data.extend(B256::with_last_byte(0x40));
    call_data.extend(B256::from(U256::from(execution.len())));
    call_data.extend(execution);
    operation(call_data, [&[0][..], id.as_slice(), &[1]].concat())
}

pub(crate) fn action_id() -> B256 {
    keccak256([TARGET.as_slice(), SELECTOR.as_slice()].concat())
}

/// The selector of a revert.
pub(crate) fn selector(outcome: &Outcome) -> Option<FixedBytes<4>> {
    outcome.reverted()?.get(..4).map(FixedBytes::from_slice)
}

/// A key, by a number.
pub(crate) fn key(number: u8) -> SigningKey {
    SigningKey::from_slice(B256::repeat_byte(number).as_slice()).unwrap()
}

pub(crate) fn address_of(key: &SigningKey) -> Address {
    Address::from_public_key(key.verifying_key())
}

/// 65 bytes over the hash as it is, with v 27 or 28.
pub(crate) fn sign(key: &SigningKey, hash: B256) -> Vec<u8> {
    let (signature, parity) = key.sign_prehash_recoverable(hash.as_slice()).unwrap();
    let mut bytes = signature.to_bytes().to_vec();
    bytes.push(27 + parity.to_byte());
    bytes
}
