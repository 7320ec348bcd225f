use alloy_primitives::{Address, Bytes};
use alloy_sol_types::{SolCall, SolValue};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use userop::abi::account::{getValidatorsPaginatedCall, installModuleCall};
use userop::account::kernel::{KernelDeployment, KernelHook};
use userop::account::nexus::NexusDeployment;
use userop::account::safe7579::SafeDeployment;
use userop::account::{Account, Generic, HookScope, Kernel, ListKind, Module, ModuleList, Nexus, Safe7579};
use userop::{Call, CallType};

use crate::areas::userop::json::{address, bytes, bytes_or_empty, member, number_or_zero, optional, text};
use crate::{Document, Tally};

/// Installation and removal as lists of calls.
pub(super) fn calls(document: &Document, tally: &mut Tally) {
    for (label, case) in document.cases() {
        tally.record(&label, listed(case));
    }
}

/// Installation and removal with the data apart, and Nexus' own calls.
pub(super) fn forms(document: &Document, tally: &mut Tally) {
    for (label, case) in document.cases() {
        tally.record(&label, form(case));
    }
}

fn listed(case: &Value) -> Result<()> {
    let account = account(text(case, "accountType")?, address(case, "account")?)?;
    let module = module(member(case, "module")?)?;
    let installed = addresses(member(case, "installedValidatorsOrExecutors")?)?;
    let expected = member(case, "expected")?;
    let ours = Ours::new(&*account, &module, member(case, "module")?, &installed)?;
    same_calls("install", member(expected, "install")?, &[ours.install])?;
    same_calls("uninstall", member(expected, "uninstall")?, &[ours.uninstall])
}

fn form(case: &Value) -> Result<()> {
    let at = address(case, "accountAddress")?;
    if optional(case, "moduleType").is_none() {
        return nexus_calls(case, &Nexus::at(NexusDeployment::V2_0_0, at));
    }
    let account = account(text(case, "account")?, at)?;
    let module = module(member(case, "module")?)?;
    let lists = member(case, "installedBefore")?;
    let installed = addresses(member(lists, if matches!(module, Module::Executor(_)) { "e" } else { "v" })?)?;
    let ours = Ours::new(&*account, &module, member(case, "module")?, &installed)?;
    // The library's functions for the data alone do not look at a hook's scope: they write a global one.
    let unscoped = match module {
        Module::Hook { address, .. } => {
            Ours::new(&*account, &Module::hook(address), member(case, "module")?, &installed)?
        }
        _ => Ours::new(&*account, &module, member(case, "module")?, &installed)?,
    };
    ensure!(unscoped.install_data == bytes(case, "installData")?, "install data: saw {}", unscoped.install_data);
    ensure!(
        unscoped.uninstall_data == bytes(case, "uninstallData")?,
        "uninstall data: saw {}",
        unscoped.uninstall_data
    );
    same_call("installCall", member(case, "installCall")?, &ours.install)?;
    same_call("uninstallCall", member(case, "uninstallCall")?, &ours.uninstall)
}

/// The calls of one case as we make them, the list read page by page.
struct Ours {
    install_data: Bytes,
    install: Call,
    uninstall_data: Bytes,
    uninstall: Call,
}

impl Ours {
    fn new(account: &dyn Account, module: &Module, value: &Value, installed: &[Address]) -> Result<Self> {
        let data = bytes_or_empty(value, "initData")?;
        let deinit = bytes_or_empty(value, "deInitData")?;
        let previous = account.list_of(module).map(|kind| previous(account, kind, module, installed)).transpose()?;
        let kernel = account.domain(1).is_some_and(|domain| domain.name.as_deref() == Some("Kernel"));
        let mut install_data = account.install_data(module, &data)?;
        let mut install = account.install(module, &data)?;
        if kernel {
            // The library leaves out the third field of a validator's install data, which the account needs.
            let hook = optional(value, "hook").map_or(Ok(Address::ZERO), |_| address(value, "hook"))?;
            let hook = KernelHook { hook, data: Bytes::new() };
            install_data = Kernel::install_data_as_module_sdk(module, &data, &hook);
            let mut call = installModuleCall::abi_decode(&install.data)?;
            call.initData = install_data.clone();
            install.data = call.abi_encode().into();
        }
        Ok(Self {
            install_data,
            install,
            uninstall_data: account.uninstall_data(module, previous, &deinit)?,
            uninstall: account.uninstall(module, previous, &deinit)?,
        })
    }
}

/// What the list of installed modules, served in pages of two, says is before the module.
fn previous(account: &dyn Account, kind: ListKind, module: &Module, installed: &[Address]) -> Result<Address> {
    let sentinel = Address::with_last_byte(1);
    let mut list = ModuleList::new(account.address(), kind, 2);
    while let Some(request) = list.request() {
        // Executors are asked for with the same arguments.
        let cursor = Address::from_slice(request.data.get(16..36).context("request")?);
        let start = installed.iter().position(|other| *other == cursor).map_or(0, |index| index + 1);
        let page: Vec<Address> = installed.iter().skip(start).take(2).copied().collect();
        let more = start + page.len() < installed.len();
        let next = if more { page.last().copied().unwrap_or(sentinel) } else { sentinel };
        ensure!(
            request.data.len() == getValidatorsPaginatedCall { cursor, size: "2".parse()? }.abi_encode().len(),
            "size"
        );
        list.answer(&(page, next).abi_encode_params())?;
    }
    list.previous(module.address()).context("the module is not in the list")
}

fn nexus_calls(case: &Value, account: &Nexus) -> Result<()> {
    let data = bytes_or_empty(case, "initData")?;
    let calls = if optional(case, "implementation").is_some() {
        vec![account.upgrade(address(case, "implementation")?, data)]
    } else {
        let module = Module::Validator(address(case, "module")?);
        let calls = account.install_with_safe_sender(&module, &data, address(case, "ownerValidator")?)?;
        // The library adds the second call for its session module only.
        let wanted = member(case, "calls")?.as_array().context("calls")?.len();
        calls.into_iter().take(wanted).collect()
    };
    same_calls("calls", member(case, "calls")?, &calls)
}

pub(super) fn account(kind: &str, at: Address) -> Result<Box<dyn Account>> {
    Ok(match kind {
        "nexus" => Box::new(Nexus::at(NexusDeployment::V1_0_0, at)),
        "safe" => Box::new(Safe7579::at(SafeDeployment::V2, at)),
        "kernel" => Box::new(Kernel::at(KernelDeployment::V0_3_3, at)),
        "erc7579-implementation" => Box::new(Generic::at(at)),
        other => bail!("unknown account {other}"),
    })
}

fn module(value: &Value) -> Result<Module> {
    let at = address(value, "address")?;
    let selector = || -> Result<[u8; 4]> {
        let bytes =
            optional(value, "selector").map_or_else(|| bytes(value, "functionSig"), |_| bytes(value, "selector"))?;
        Ok(bytes[..].try_into()?)
    };
    Ok(match text(value, "type")? {
        "validator" => Module::Validator(at),
        "executor" => Module::Executor(at),
        "fallback" => {
            let [call_type] = bytes(value, "callType")?[..] else { bail!("call type") };
            let call_type = CallType::from_byte(call_type).context("call type")?;
            Module::Fallback { address: at, selector: selector()?, call_type }
        }
        "hook" => {
            let only_selector = !number_or_zero(value, "hookType")?.is_zero();
            Module::Hook { address: at, scope: HookScope { only_selector, selector: selector().unwrap_or_default() } }
        }
        other => bail!("module type {other}"),
    })
}

fn same_calls(name: &str, expected: &Value, seen: &[Call]) -> Result<()> {
    let expected = expected.as_array().with_context(|| name.to_owned())?;
    ensure!(expected.len() == seen.len(), "{name}: expected {} calls, saw {}", expected.len(), seen.len());
    expected.iter().zip(seen).try_for_each(|(expected, seen)| same_call(name, expected, seen))
}

fn same_call(name: &str, expected: &Value, seen: &Call) -> Result<()> {
    let expected = Call {
        to: address(expected, "to").or_else(|_| address(expected, "target"))?,
        value: number_or_zero(expected, "value")?,
        data: bytes(expected, "data").or_else(|_| bytes(expected, "callData"))?,
    };
    ensure!(expected == *seen, "{name}: expected {expected:?}, saw {seen:?}");
    Ok(())
}

fn addresses(list: &Value) -> Result<Vec<Address>> {
    list.as_array().context("list")?.iter().map(|item| Ok(item.as_str().context("address")?.parse()?)).collect()
}
