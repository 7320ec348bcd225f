//! `sessions revoke`.

mod account;
mod carry;

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};

use alloy_primitives::{Address, Bytes};
use serde_json::{Value, json};
use smart_sessions::session::abi::{ModuleFunction as _, RemoveSession, RevokeEnableSignature};
use smart_sessions::session::{Deployment, PermissionId};
use smart_sessions::userop::{Call, execution};
use smart_sessions::{ChainReader, Error, RevokePlan, RevokeStep};

use crate::arguments::{Generation, Revoke};
use crate::chains::Node;
use crate::output::{self, Report};
use crate::{Failure, chains, grants, session};

const HOW: &str =
    "have the account make these calls: in its owner's wallet, or as an operation with this accountCallData";

/// What is to be taken back, by the session contracts that it is on.
#[derive(Clone, Debug, Default)]
struct Plans(BTreeMap<&'static str, (Deployment, RevokePlan)>);

impl Plans {
    fn add(&mut self, deployment: Deployment, add: impl FnOnce(RevokePlan) -> RevokePlan) {
        let known = Generation::ALL.into_iter().find(|known| known.deployment().module == deployment.module);
        let (_, plan) =
            self.0.entry(known.map_or("other", Generation::name)).or_insert((deployment, RevokePlan::new()));
        *plan = add(std::mem::take(plan));
    }

    fn plans(&self) -> impl Iterator<Item = &(Deployment, RevokePlan)> {
        self.0.values()
    }

    fn explain(&self) -> Value {
        let lines: Vec<_> = self.plans().flat_map(|(_, plan)| plan.explain()).collect();
        session::lines(&lines)
    }

    fn notes(&self) -> Value {
        let notes = self.plans().flat_map(|(_, plan)| plan.notes());
        notes.map(|note| note.code()).collect()
    }
}

pub(crate) fn run(part: &Revoke, as_json: bool) -> Result<Report, Failure> {
    if part.owner_key_file.is_some() {
        return chains::block_on(carry::run(part, as_json));
    }
    match part.permission {
        // Which account and chain it is on makes no difference for the calls.
        Some(permission) if part.grants.is_empty() && part.account.is_none() => calls_of_a_session(part, permission),
        _ => chains::block_on(async {
            let nodes = all_nodes(part).await?;
            let chain_ids: Vec<_> = nodes.iter().map(|node| node.chain_id).collect();
            let mut plans = of_grants(part, &chain_ids)?;
            with_all(part, &mut plans, &nodes).await?;
            if let (Some(permission), Some(account), Some(generation)) =
                (part.permission, part.account, part.generation)
            {
                let deployment = generation.deployment();
                for &chain_id in chain_ids.iter() {
                    plans.add(deployment, |plan| of_session(part, plan, (chain_id, account, permission)));
                }
            }
            Ok(calls(&plans))
        }),
    }
}

/// The nodes: a plan that leaves a chain out unsaid would be worse than none.
async fn all_nodes(part: &Revoke) -> Result<Vec<Node>, Failure> {
    let (nodes, failures) = chains::nodes(&part.rpc_urls).await?;
    failures.into_iter().next().map_or(Ok(nodes), |(_, failure)| Err(failure))
}

/// Everything that the chains list for the account, when it is asked for.
async fn with_all(part: &Revoke, plans: &mut Plans, nodes: &[Node]) -> Result<(), Failure> {
    let (true, Some(account)) = (part.all, part.account) else { return Ok(()) };
    for node in nodes {
        for generation in part.generation.map_or(Generation::ALL.to_vec(), |generation| vec![generation]) {
            let reader = match ChainReader::connect(node.client.clone(), generation.deployment()).await {
                Ok(reader) => reader,
                Err(Error::NoSessionModule { .. }) => continue,
                Err(error) => return Err(chains::of_error(error)),
            };
            let listed = reader.sessions(account, []).await.map_err(chains::of_error)?;
            plans.add(generation.deployment(), |plan| plan.listed(node.chain_id, account, &listed));
        }
    }
    Ok(())
}

/// The plan for stored grants.
fn of_grants(part: &Revoke, chain_ids: &[u64]) -> Result<Plans, Failure> {
    let mut plans = Plans::default();
    for stored in grants::read(&part.grants, part.account, part.generation, chain_ids)? {
        plans.add(stored.deployment, |plan| plan.grant(&stored.grant));
    }
    Ok(plans)
}

/// The steps for `--permission` on one chain, without signatures.
fn of_session(part: &Revoke, plan: RevokePlan, (chain_id, account, id): (u64, Address, PermissionId)) -> RevokePlan {
    if part.actions.is_empty() && part.policies.is_empty() {
        return plan.remove_session(chain_id, account, id);
    }
    let plan = part.actions.iter().fold(plan, |plan, action| plan.disable_action(chain_id, account, id, *action));
    part.policies
        .iter()
        .fold(plan, |plan, (place, policy)| plan.disable_policies(chain_id, account, id, *place, [*policy]))
}

/// The calls of a plan, to be made by another wallet.
fn calls(plans: &Plans) -> Report {
    let mut accounts = Vec::new();
    for (deployment, plan) in plans.plans() {
        let mut of = BTreeMap::<(u64, Address), Vec<&RevokeStep>>::new();
        for step in plan.steps() {
            of.entry((step.chain_id, step.account)).or_default().push(step);
        }
        for ((chain_id, account), steps) in of {
            let calls: Vec<_> = steps.iter().map(|step| step.call(deployment.module)).collect();
            let names = steps.iter().map(|step| step.revocation.code());
            accounts.push(json!({
                "kind": "calls",
                "chainId": chain_id,
                "account": account,
                "calls": calls.iter().zip(names).map(|(call, name)| show(name, call)).collect::<Value>(),
                "accountCallData": execution::execute(calls.clone()),
            }));
        }
    }
    Report::new(json!({
        "kind": "revocation",
        "plan": plans.explain(),
        "notes": plans.notes(),
        "accounts": accounts,
        "how": HOW,
    }))
}

fn calls_of_a_session(part: &Revoke, permission_id: PermissionId) -> Result<Report, Failure> {
    let generation = part
        .generation
        .ok_or_else(|| Failure::input("which contracts the session is on is not known", "say it by --generation"))?;
    if !(part.actions.is_empty() && part.policies.is_empty()) {
        let problem = "calls for single actions and policies need the account and the chain";
        return Err(Failure::input(problem, "give --account and --rpc-url"));
    }
    let module = generation.deployment().module;
    let remove = RemoveSession { permission_id }.calldata();
    let cancel = RevokeEnableSignature { permission_id }.calldata();
    let calls = [Call::new(module, remove), Call::new(module, cancel)];
    let names = ["remove-session", "cancel-signatures"];
    let account_call_data: Bytes = execution::execute(calls.to_vec());
    Ok(Report::new(json!({
        "kind": "revocation",
        "permissionId": permission_id,
        "accounts": [{
            "kind": "calls",
            "calls": calls.iter().zip(names).map(|(call, name)| show(name, call)).collect::<Value>(),
            "accountCallData": account_call_data,
        }],
        "how": HOW,
    })))
}

fn show(name: &str, call: &Call) -> Value {
    json!({ "kind": name, "target": call.to, "valueWei": "0", "data": call.data })
}

/// Shows the plan and asks whether it is to be carried out.
fn confirm(part: &Revoke, plans: &Plans, as_json: bool) -> Result<(), Failure> {
    if !as_json {
        let plan = json!({ "kind": "plan", "steps": plans.explain() });
        output::print(&Report::new(plan), false, true);
    }
    if part.yes || plans.plans().all(|(_, plan)| plan.is_empty()) {
        return Ok(());
    }
    let remedy = "look at the plan, then run it with --yes";
    if !std::io::stdin().is_terminal() || as_json {
        return Err(Failure::input("nobody can be asked whether to carry this out", remedy));
    }
    let _ = write!(std::io::stderr(), "Carry this out? [y/N] ");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(|error| Failure::input(error, remedy))?;
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err(Failure::input("not confirmed, nothing was sent", remedy))
}
