//! `sessions status`.

use alloy_primitives::{Address, Bytes};
use serde_json::{Value, json};
use smart_sessions::bundler::{BundlerError, CallRequest, NodeClient};
use smart_sessions::policy::Registry;
use smart_sessions::session::abi::{self, ModuleFunction};
use smart_sessions::session::{ActionId, Deployment, PermissionId};

use crate::arguments::{Generation, Status};
use crate::found::Findings;
use crate::input::Input;
use crate::output::Report;
use crate::{Failure, session};

pub(crate) fn run(part: &Status) -> Result<Report, Failure> {
    let known = part.session.as_deref().map(|file| Findings::of(&Input::read(file)?)).transpose()?;
    let known =
        known.map_or_else(Vec::new, |findings| findings.sessions.into_iter().map(|found| found.session).collect());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::node(error, "try again"))?;
    runtime.block_on(read(part, &known))
}

fn node_failure(error: BundlerError) -> Failure {
    let remedy = error.remedy();
    Failure::node(error, remedy)
}

async fn read(part: &Status, known: &[abi::Session]) -> Result<Report, Failure> {
    let node = NodeClient::http(&part.rpc_url)
        .map_err(|error| Failure::input(error, "give the node's address as http://… or https://…"))?;
    let chain = node.chain_id().await.map_err(node_failure)?;
    let mut modules = Vec::new();
    for generation in part.generation.map_or(Generation::ALL.to_vec(), |generation| vec![generation]) {
        let deployment = generation.deployment();
        if node.code(deployment.module).await.map_err(node_failure)?.is_empty() {
            continue;
        }
        let chain = OnChain { node: &node, account: part.account, deployment, known };
        modules.push(json!({
            "kind": "session module",
            "generation": generation.name(),
            "module": deployment.module,
            "permissions": chain.permissions(part.permission).await?,
        }));
    }
    if modules.is_empty() {
        let problem = format!("chain {chain} has no session module of the generations asked for");
        return Err(Failure::input(problem, "choose the other generation, or a node of a chain that has it"));
    }
    Ok(Report::new(json!({ "kind": "status", "chainId": chain, "account": part.account, "modules": modules })))
}

struct OnChain<'a> {
    node: &'a NodeClient,
    account: Address,
    deployment: Deployment,
    known: &'a [abi::Session],
}

impl OnChain<'_> {
    /// Asks the module; all questions of one kind in one request.
    async fn ask<F: ModuleFunction>(&self, questions: &[F]) -> Result<Vec<F::Return>, Failure> {
        let calls: Vec<_> =
            questions.iter().map(|question| CallRequest::new(self.deployment.module, question.calldata())).collect();
        let answers = self.node.call_many(&calls).await.map_err(node_failure)?;
        let read = |answer: Result<Bytes, BundlerError>| {
            let unreadable =
                |error| Failure::node(format!("{} answers {error}", F::SIGNATURE), "check the node's chain");
            F::decode_return(&answer.map_err(node_failure)?).map_err(unreadable)
        };
        answers.into_iter().map(read).collect()
    }

    async fn one<F: ModuleFunction>(&self, question: F) -> Result<F::Return, Failure> {
        let nothing = || Failure::node(format!("no answer to {}", F::SIGNATURE), "try again, or another node");
        self.ask(&[question]).await?.pop().ok_or_else(nothing)
    }

    async fn permissions(&self, only: Option<PermissionId>) -> Result<Vec<Value>, Failure> {
        let ids = match only {
            Some(id) => vec![id],
            None => self.one(abi::PermissionIds { account: self.account }).await?,
        };
        let mut permissions = Vec::new();
        for id in ids {
            permissions.push(self.permission(id).await?);
        }
        Ok(permissions)
    }

    async fn permission(&self, permission_id: PermissionId) -> Result<Value, Failure> {
        let account = self.account;
        let enabled = self.one(abi::IsPermissionEnabled { permission_id, account }).await?;
        let nonce = self.one(abi::Nonce { permission_id, account }).await?.to_string();
        if !enabled {
            return Ok(json!({ "kind": "not enabled", "permissionId": permission_id, "enableNonce": nonce }));
        }
        let (validator, data) = self.one(abi::SessionValidatorAndConfig { account, permission_id }).await?;
        let user_op = self.one(abi::UserOpPolicies { account, permission_id }).await?;
        let erc1271 = self.one(abi::Erc1271Policies { account, permission_id }).await?;
        let ids = self.one(abi::EnabledActions { account, permission_id }).await?;
        let questions: Vec<_> =
            ids.iter().map(|id| abi::ActionPolicies { account, permission_id, action_id: *id }).collect();
        let policies = self.ask(&questions).await?;
        let registry = session::both_generations(&self.deployment);
        let list = |policies: &[Address]| policies.iter().map(|policy| kind_of(&registry, *policy)).collect::<Value>();
        let actions = ids.iter().zip(&policies).map(|(id, policies)| {
            let mut action = json!({ "kind": "action", "actionId": id, "policies": list(policies) });
            if let Some((target, selector)) = self.action(*id) {
                action["target"] = target;
                action["selector"] = selector;
            }
            action
        });
        Ok(json!({
            "kind": "enabled",
            "permissionId": permission_id,
            "enableNonce": nonce,
            "sessionValidator": validator,
            "sessionValidatorInitData": data,
            "actions": actions.collect::<Value>(),
            "userOpPolicies": list(&user_op),
            "erc1271Policies": list(&erc1271),
        }))
    }

    /// The action behind an id: a fallback, or one of a stored session.
    fn action(&self, id: ActionId) -> Option<(Value, Value)> {
        match id {
            ActionId::GENERIC_FALLBACK => return Some((json!("generic fallback"), json!("any function"))),
            ActionId::ADMIN_FALLBACK => return Some((json!("admin fallback"), json!("any function"))),
            _ => {}
        }
        let mut actions = self.known.iter().flat_map(|session| &session.actions);
        let action = actions.find(|action| action.id() == id)?;
        Some((json!(action.action_target), json!(action.action_target_selector)))
    }
}

fn kind_of(registry: &Registry, policy: Address) -> Value {
    let kind = registry.find(policy).map_or_else(|| "unknown policy".to_owned(), |(kind, _)| format!("{kind} policy"));
    json!({ "kind": kind, "policy": policy })
}
