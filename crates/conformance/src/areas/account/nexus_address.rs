use alloy_primitives::{Address, B256, Bytes};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use userop::account::nexus::{
    AddressRule, Attesters, DefaultValidatorInit, NexusDeployment, NexusInit, SingleValidatorInit,
    erc1967_clone_init_code_hash,
};
use userop::account::{Account, ModuleType, Nexus};

use crate::areas::userop::json::{address, bytes, bytes_or_empty, member, number, optional, text};
use crate::{Document, Tally};

pub(super) fn run(document: &Document, tally: &mut Tally) {
    for (label, case) in document.cases() {
        tally.record(&label, check(case));
    }
}

fn check(case: &Value) -> Result<()> {
    let deployment = deployment(case)?;
    let index = number(member(case, "index")?)?;
    let init = init(case)?;
    let factory = deployment.factory_call(&init, index)?;
    same("factory", &address(case, "factory")?, &factory.address())?;
    same("factoryData", &bytes(case, "factoryData")?, factory.data())?;
    let init_code: Bytes = [factory.head(), factory.data()].concat().into();
    same("initCode", &bytes(case, "initCode")?, &init_code)?;
    if let Some(stated) = optional(case, "initData") {
        let stated: Bytes = stated.as_str().context("initData")?.parse()?;
        same("initData", &stated, &deployment.init_data(&init)?)?;
    }
    defaults(case, &deployment, &init)?;
    if optional(case, "address").is_none() {
        return Ok(());
    }
    let stated = address(case, "address")?;
    if deployment.rule != AddressRule::NexusProxy {
        let account = Nexus::counterfactual(deployment.clone(), &init, index, None)?;
        same("address", &stated, &account.address())?;
        same("factory of the account", &Some(&factory), &account.factory())?;
        let hash: B256 = text(case, "proxyInitCodeHash")?.parse()?;
        return same("proxyInitCodeHash", &hash, &erc1967_clone_init_code_hash(deployment.implementation));
    }
    // The proxy's code is not among the vectors; its hash, which follows from the code and the init data, is.
    let salt = B256::from(index);
    same("create2Salt", &text(case, "create2Salt")?.parse::<B256>()?, &salt)?;
    let hash: B256 = text(case, "proxyInitCodeHash")?.parse()?;
    same("address", &stated, &deployment.address_from_init_code_hash(index, hash))
}

/// The published deployment of the case; its members have to be those of the case.
fn deployment(case: &Value) -> Result<NexusDeployment> {
    let factory = address(case, "factory")?;
    let deployment = [NexusDeployment::LEGACY_A, NexusDeployment::LEGACY_A_GENERIC, NexusDeployment::LEGACY_B]
        .into_iter()
        .chain(NexusDeployment::SUITES)
        .find(|deployment| deployment.factory == factory)
        .with_context(|| format!("no deployment has the factory {factory}"))?;
    same("implementation", &address(case, "implementation")?, &deployment.implementation)?;
    if let Some(suite) = optional(case, "meeVersion") {
        ensure!(suite.as_str() == Some(&*deployment.suite), "suite: saw {}", deployment.suite);
        same("bootstrap", &address(case, "bootstrap")?, &deployment.bootstrap)?;
        ensure!(text(case, "accountId")? == deployment.account_id, "account id: saw {}", deployment.account_id);
    }
    Ok(deployment)
}

fn init(case: &Value) -> Result<NexusInit> {
    let Some(parameters) = optional(case, "bootstrapParams") else {
        let threshold = u8::try_from(number(member(case, "threshold")?)?)?;
        return Ok(NexusInit::Owner {
            owner: address(case, "owner")?,
            attesters: addresses(case, "attesters")?,
            threshold,
        });
    };
    if optional(parameters, "validator").is_some() {
        return Ok(NexusInit::SingleValidator(SingleValidatorInit {
            validator: address(parameters, "validator")?,
            data: bytes(parameters, "validatorInitData")?,
            registry: address(parameters, "registry")?,
            attesters: addresses(parameters, "attesters")?,
            threshold: u8::try_from(number(member(parameters, "threshold")?)?)?,
        }));
    }
    let mut init = DefaultValidatorInit::new(bytes(parameters, "defaultValidatorInitData")?);
    init.validators = modules(parameters, "validators")?;
    init.executors = modules(parameters, "executors")?;
    init.hook = module(member(parameters, "hook")?)?;
    init.fallbacks = modules(parameters, "fallbacks")?;
    for hook in member(parameters, "preValidationHooks")?.as_array().context("preValidationHooks")? {
        let hook_type = match u64::try_from(number(member(hook, "hookType")?)?)? {
            8 => ModuleType::PreValidationHookErc1271,
            9 => ModuleType::PreValidationHookErc4337,
            other => anyhow::bail!("hook type {other}"),
        };
        let (address, data) = module(hook)?;
        init.pre_validation_hooks.push((hook_type, address, data));
    }
    Ok(NexusInit::DefaultValidator(init))
}

/// Where the case has the library's own defaults, ours are the same.
fn defaults(case: &Value, deployment: &NexusDeployment, init: &NexusInit) -> Result<()> {
    let owner = address(case, "owner")?;
    let is_default = match init {
        NexusInit::Owner { .. } => {
            let default = optional(case, "attesterCase").and_then(Value::as_str) == Some("default");
            let sets = [Attesters::Sdk0_0_29, Attesters::Abstractjs0_0_34, Attesters::Abstractjs0_1];
            let known = sets.iter().any(|set| NexusInit::owner(owner, *set) == *init);
            ensure!(known == default, "the attesters are those of a version: {known}, a default: {default}");
            false
        }
        NexusInit::SingleValidator(init) => {
            init.registry == Address::ZERO && init.validator == deployment.owner_validator && init.data[..] == owner[..]
        }
        NexusInit::DefaultValidator(init) => {
            let alone = init.validators.is_empty() && init.executors.is_empty() && init.fallbacks.is_empty();
            alone
                && init.pre_validation_hooks.is_empty()
                && init.hook.0 == Address::ZERO
                && init.default_validator_data[..] == owner[..]
        }
        _ => false,
    };
    if is_default {
        same("the owner's default init", init, &deployment.owner_init(owner))?;
    }
    Ok(())
}

fn modules(parameters: &Value, name: &str) -> Result<Vec<(Address, Bytes)>> {
    member(parameters, name)?.as_array().with_context(|| name.to_owned())?.iter().map(module).collect()
}

fn module(value: &Value) -> Result<(Address, Bytes)> {
    Ok((address(value, "module")?, bytes_or_empty(value, "data")?))
}

fn addresses(value: &Value, name: &str) -> Result<Vec<Address>> {
    let list = member(value, name)?.as_array().with_context(|| name.to_owned())?;
    list.iter().map(|item| Ok(item.as_str().context("address")?.parse()?)).collect()
}

fn same<T: PartialEq + std::fmt::Debug>(name: &str, stated: &T, seen: &T) -> Result<()> {
    ensure!(stated == seen, "{name}: expected {stated:?}, saw {seen:?}");
    Ok(())
}
