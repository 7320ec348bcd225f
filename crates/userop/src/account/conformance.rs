//! Checks for implementations of [`Account`]: what this crate and its callers rely on.
//!
//! ```
//! use alloy_primitives::Address;
//! use userop::account::{Generic, conformance};
//!
//! let account = Generic::at(Address::repeat_byte(1));
//! let violations = conformance::check(&account, &conformance::Sample::default());
//! assert!(violations.is_empty(), "{violations:?}");
//! ```

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;

use super::{Account, AccountError, Module, ValidationMode, Validator};
use crate::abi::account as abi;
use crate::{Call, CallType, Execution};

/// A promise of [`Account`] that an implementation does not keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which promise.
    pub rule: Rule,
    /// With which arguments, and what came of it.
    pub detail: String,
}

/// A promise of [`Account`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// Different validators, modes and lanes have different nonce keys, and lanes beyond the account's are refused.
    NonceKeys,
    /// The account has at least one lane, and a nonce key for some validator in each of them.
    Lanes,
    /// Calls read back from the call data that makes them.
    Execution,
    /// Modules are installed and uninstalled by calls to the account itself that name them.
    Modules,
    /// Uninstalling from a list takes the module before, and says so when it is missing.
    Neighbours,
    /// A wrapped signature reads back, and any other bytes give an error or a value.
    Signatures,
    /// The EIP-712 domain is bound to account and chain, where there is one.
    Domain,
}

/// What to try an account with.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Validators, the default one included when the account has it.
    pub validators: Vec<Validator>,
    /// Modules that the account takes.
    pub modules: Vec<Module>,
    /// Whether the account's call data is ERC-7579's `execute`.
    pub erc7579_execution: bool,
    /// The chain.
    pub chain_id: u64,
}

impl Default for Sample {
    /// Two installed validators, a module of each of ERC-7579's types, and ERC-7579's `execute`.
    fn default() -> Self {
        let address = |byte| Address::repeat_byte(byte);
        Self {
            validators: vec![Validator::Installed(address(0xa1)), Validator::Installed(address(0xa2))],
            modules: vec![
                Module::Validator(address(0xb1)),
                Module::Executor(address(0xb2)),
                Module::Fallback { address: address(0xb3), selector: [1, 2, 3, 4], call_type: CallType::Single },
                Module::hook(address(0xb4)),
            ],
            erc7579_execution: true,
            chain_id: 31337,
        }
    }
}

/// Every promise that the account breaks; none when all is well.
#[must_use]
pub fn check(account: &dyn Account, sample: &Sample) -> Vec<Violation> {
    let mut found = Found(Vec::new());
    nonce_keys(account, sample, &mut found);
    if sample.erc7579_execution {
        execution(account, &mut found);
    }
    for module in &sample.modules {
        modules(account, module, &mut found);
    }
    for validator in &sample.validators {
        signatures(account, *validator, &mut found);
    }
    if let Some(domain) = account.domain(sample.chain_id) {
        let bound = domain.verifying_contract.is_none_or(|contract| contract == account.address())
            && domain.chain_id.is_none_or(|chain| chain == U256::from(sample.chain_id));
        found.unless(bound, Rule::Domain, || format!("{domain:?}"));
    }
    found.0
}

struct Found(Vec<Violation>);

impl Found {
    fn unless(&mut self, kept: bool, rule: Rule, detail: impl FnOnce() -> String) {
        if !kept {
            self.0.push(Violation { rule, detail: detail() });
        }
    }
}

fn nonce_keys(account: &dyn Account, sample: &Sample, found: &mut Found) {
    let lanes = account.lanes();
    let Some(last) = lanes.checked_sub(1) else {
        found.unless(false, Rule::Lanes, || "no lanes".into());
        return;
    };
    let mut seen = BTreeMap::new();
    for validator in &sample.validators {
        for mode in [ValidationMode::Validate, ValidationMode::ModuleEnable, ValidationMode::Prepare] {
            for lane in [0, 1, last / 2, last] {
                let asked = (*validator, mode, lane);
                match account.nonce_key(*validator, mode, lane) {
                    Ok(key) => {
                        let first = *seen.entry(key).or_insert(asked);
                        found.unless(first == asked, Rule::NonceKeys, || format!("{first:?} and {asked:?}: {key:?}"));
                    }
                    // A mode may be unknown to the account; plain validation is not.
                    Err(AccountError::Mode { .. }) if mode != ValidationMode::Validate => {}
                    Err(error) => found.unless(false, Rule::Lanes, || format!("{asked:?}: {error}")),
                }
            }
            if lanes < u32::MAX {
                let beyond = account.nonce_key(*validator, mode, lanes);
                found.unless(beyond.is_err(), Rule::NonceKeys, || format!("lane {lanes} of {lanes}"));
            }
        }
    }
}

fn execution(account: &dyn Account, found: &mut Found) {
    let call = Call::new(Address::repeat_byte(0xc1), [1, 2, 3]).with_value(U256::from(7));
    for count in 0..3 {
        let calls = vec![call.clone(); count];
        let read = Execution::decode(&account.encode_calls(&calls)).map(|(_, execution)| execution);
        let kept = read.as_ref().is_ok_and(|execution| execution.calls() == calls);
        found.unless(kept, Rule::Execution, || format!("{count} calls: {read:?}"));
    }
}

fn modules(account: &dyn Account, module: &Module, found: &mut Found) {
    let id = module.module_type().id();
    let named = |to: Address, module_type: U256, address: Address| {
        to == account.address() && module_type == id && address == module.address()
    };
    match account.install(module, &[1, 2]) {
        Ok(call) => {
            let read = abi::installModuleCall::abi_decode(&call.data);
            let kept = read.is_ok_and(|read| named(call.to, read.moduleTypeId, read.module));
            found.unless(kept, Rule::Modules, || format!("install {module:?}: {call:?}"));
        }
        Err(error) => found.unless(false, Rule::Modules, || format!("install {module:?}: {error}")),
    }
    let (one, other) = (Address::repeat_byte(0xd1), Address::repeat_byte(0xd2));
    match account.uninstall(module, Some(one), &[1, 2]) {
        Ok(call) => {
            let read = abi::uninstallModuleCall::abi_decode(&call.data);
            let kept = read.is_ok_and(|read| named(call.to, read.moduleTypeId, read.module));
            found.unless(kept, Rule::Modules, || format!("uninstall {module:?}: {call:?}"));
        }
        Err(error) => found.unless(false, Rule::Modules, || format!("uninstall {module:?}: {error}")),
    }
    if account.list_of(module).is_some() {
        let missing = account.uninstall(module, None, &[]);
        let kept = matches!(missing, Err(AccountError::PreviousNeeded { .. }));
        found.unless(kept, Rule::Neighbours, || format!("{module:?} without a neighbour: {missing:?}"));
        let differ = account.uninstall(module, Some(one), &[]) != account.uninstall(module, Some(other), &[]);
        found.unless(differ, Rule::Neighbours, || format!("{module:?}: the neighbour makes no difference"));
    }
    let question = account.is_module_installed(module);
    found.unless(question.to == account.address(), Rule::Modules, || format!("asked of {}", question.to));
}

fn signatures(account: &dyn Account, validator: Validator, found: &mut Found) {
    let signature = [0x5a; 65];
    match account.wrap_enable_signature(validator, &signature) {
        Ok(wrapped) => {
            let read = account.unwrap_enable_signature(&wrapped);
            let kept = read.as_ref().is_ok_and(|(named, inner)| *named == validator && inner[..] == signature);
            found.unless(kept, Rule::Signatures, || format!("{validator:?}: {read:?}"));
            // Cut-off bytes may read as something else; they must not panic.
            for end in 0..wrapped.len() {
                let _ = account.unwrap_enable_signature(&wrapped[..end]);
            }
        }
        Err(error) => found.unless(false, Rule::Signatures, || format!("{validator:?}: {error}")),
    }
    let wrapped = account.wrap_signature(validator, &signature);
    found.unless(wrapped.is_ok(), Rule::Signatures, || format!("{validator:?}: {wrapped:?}"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::kernel::KernelDeployment;
    use crate::account::nexus::NexusDeployment;
    use crate::account::safe7579::SafeDeployment;
    use crate::account::{Generic, Kernel, ListKind, Nexus, Safe7579};
    use crate::{Factory, NonceKey};
    use alloy_primitives::{Address, Bytes};
    use alloy_sol_types::Eip712Domain;

    const AT: Address = Address::repeat_byte(0xee);

    #[test]
    fn our_accounts_keep_every_promise() {
        let sample = Sample::default();
        assert_eq!(check(&Generic::at(AT), &sample), []);
        assert_eq!(check(&Safe7579::at(SafeDeployment::V2, AT), &sample), []);
        assert_eq!(check(&Nexus::at(NexusDeployment::V1_0_0, AT), &sample), []);
        let with_default = Sample { validators: vec![Validator::Default, AT.into()], ..sample };
        assert_eq!(check(&Nexus::at(NexusDeployment::V3_0_0, AT), &with_default), []);
        assert_eq!(check(&Nexus::at(NexusDeployment::STARTALE, AT), &with_default), []);
        assert_eq!(check(&Kernel::at(KernelDeployment::V0_3_3, AT), &with_default), []);
    }

    /// Breaks one promise, keeps the others by handing them on.
    struct Broken(Rule, Generic);

    impl Account for Broken {
        fn address(&self) -> Address {
            self.1.address()
        }

        fn factory(&self) -> Option<&Factory> {
            None
        }

        fn nonce_key(&self, validator: Validator, mode: ValidationMode, lane: u32) -> Result<NonceKey, AccountError> {
            self.1.nonce_key(validator, mode, if self.0 == Rule::NonceKeys { 0 } else { lane })
        }

        fn lanes(&self) -> u32 {
            if self.0 == Rule::Lanes { 0 } else { self.1.lanes() }
        }

        fn encode_calls(&self, calls: &[Call]) -> Bytes {
            if self.0 == Rule::Execution { Bytes::new() } else { self.1.encode_calls(calls) }
        }

        fn install_data(&self, module: &Module, data: &[u8]) -> Result<Bytes, AccountError> {
            match self.0 {
                Rule::Modules => Err(AccountError::Module { module_type: module.module_type() }),
                _ => self.1.install_data(module, data),
            }
        }

        fn list_of(&self, module: &Module) -> Option<ListKind> {
            self.1.list_of(module)
        }

        fn uninstall_data(&self, module: &Module, before: Option<Address>, data: &[u8]) -> Result<Bytes, AccountError> {
            let before = if self.0 == Rule::Neighbours { Some(AT) } else { before };
            self.1.uninstall_data(module, before, data)
        }

        fn wrap_signature(&self, validator: Validator, signature: &[u8]) -> Result<Bytes, AccountError> {
            self.1.wrap_signature(validator, signature)
        }

        fn unwrap_enable_signature(&self, wrapped: &[u8]) -> Result<(Validator, Bytes), AccountError> {
            let read = self.1.unwrap_enable_signature(wrapped)?;
            Ok(if self.0 == Rule::Signatures { (Validator::Default, read.1) } else { read })
        }

        fn domain(&self, _: u64) -> Option<Eip712Domain> {
            (self.0 == Rule::Domain).then(|| Eip712Domain { chain_id: Some(U256::from(1)), ..Eip712Domain::default() })
        }
    }

    #[test]
    fn each_broken_promise_is_found() {
        let rules = [
            Rule::NonceKeys,
            Rule::Lanes,
            Rule::Execution,
            Rule::Modules,
            Rule::Neighbours,
            Rule::Signatures,
            Rule::Domain,
        ];
        for rule in rules {
            let violations = check(&Broken(rule, Generic::at(AT)), &Sample::default());
            assert!(!violations.is_empty(), "{rule:?}");
            assert!(violations.iter().all(|violation| violation.rule == rule), "{rule:?}: {violations:?}");
        }
    }
}
