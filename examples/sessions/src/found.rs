//! The sessions in an input, whatever its form.

use alloy_primitives::{Address, Bytes};
use smart_sessions::session::abi::{self, ModuleCall, decode_install_data};
use smart_sessions::session::frozen::FrozenGrant;
use smart_sessions::session::stored::{SessionData, StoredError, read_session, session_details};
use smart_sessions::session::text::Value;
use smart_sessions::session::{Deployment, PermissionId, SessionSignature};
use smart_sessions::userop::Execution;

use crate::arguments::Generation;
use crate::input::Input;
use crate::{Failure, decode};

/// Calls inside calls are followed this far.
const DEPTH: usize = 4;

/// A session with what the input says about it.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) session: abi::Session,
    pub(crate) chains: Vec<u64>,
    pub(crate) account: Option<Address>,
    pub(crate) deployment: Option<Deployment>,
}

impl Found {
    pub(crate) const fn of(session: abi::Session) -> Self {
        Self { session, chains: Vec::new(), account: None, deployment: None }
    }

    /// The contracts that the session is for: those asked for, those that the input names, or those of which it has more.
    pub(crate) fn deployment(&self, asked: Option<Generation>) -> Deployment {
        let guess = || {
            let known = |generation: &Generation| {
                let deployment = generation.deployment();
                let policies =
                    policies(&self.session).filter(|policy| deployment.policies.find(policy.policy).is_some());
                let validator = self.session.session_validator == deployment.ownable_validator.address;
                policies.count() + usize::from(validator)
            };
            let legacy = known(&Generation::Legacy) > known(&Generation::Current);
            if legacy { Deployment::legacy() } else { Deployment::current() }
        };
        asked.map(Generation::deployment).or(self.deployment).unwrap_or_else(guess)
    }
}

fn policies(session: &abi::Session) -> impl Iterator<Item = &abi::PolicyData> {
    let actions = session.actions.iter().flat_map(|action| &action.action_policies);
    session.user_op_policies.iter().chain(actions).chain(&session.erc7739_policies.erc1271_policies)
}

/// What an input is, and the sessions in it.
#[derive(Debug)]
pub(crate) struct Findings {
    pub(crate) source: &'static str,
    pub(crate) sessions: Vec<Found>,
    /// Ids of sessions that the input names without holding them.
    pub(crate) named: Vec<PermissionId>,
}

impl Findings {
    /// The sessions of an input.
    pub(crate) fn of(input: &Input) -> Result<Self, Failure> {
        let mut findings = match input {
            Input::Bytes(bytes) => Self::of_bytes(bytes)?,
            Input::Text(text) => Self::of_text(text)?,
        };
        findings.merge();
        if findings.sessions.is_empty() {
            let problem = match findings.named.first() {
                Some(id) => format!("the {} names permission {id} only, not the session", findings.source),
                None => format!("there is no session in the {}", findings.source),
            };
            return Err(Failure::input(
                problem,
                "give what the session was granted with: its call data, or the stored grant",
            ));
        }
        Ok(findings)
    }

    const fn new(source: &'static str, sessions: Vec<Found>) -> Self {
        Self { source, sessions, named: Vec::new() }
    }

    /// The same session on several chains is one.
    fn merge(&mut self) {
        let mut merged: Vec<Found> = Vec::new();
        for found in self.sessions.drain(..) {
            match merged.iter_mut().find(|seen| seen.session == found.session) {
                Some(seen) => {
                    seen.account = seen.account.or(found.account);
                    seen.deployment = seen.deployment.or(found.deployment);
                    seen.chains.extend(found.chains);
                    seen.chains.sort_unstable();
                    seen.chains.dedup();
                }
                None => merged.push(found),
            }
        }
        self.sessions = merged;
    }

    fn of_text(text: &str) -> Result<Self, Failure> {
        let remedy = "give SessionData, SessionDetails or a session as they were stored, or hex text";
        let value = Value::parse(text)
            .map_err(|error| Failure::input(format!("neither hex nor stored text: {error}"), remedy))?;
        Self::of_value(&value).map_err(|error| Failure::input(format!("not a stored session: {error}"), remedy))
    }

    /// The sessions of stored text.
    pub(crate) fn of_value(value: &Value<'_>) -> Result<Self, StoredError> {
        if value.member("granter").is_some() || value.member("moduleData").is_some() {
            return Self::of_session_data(value);
        }
        if value.member("sessionValidator").is_some() {
            let (chain, session) = read_session(value)?;
            let chains = chain.into_iter().collect();
            return Ok(Self::new("session", vec![Found { chains, ..Found::of(session) }]));
        }
        let list = value.as_array().or_else(|| value.member("sessions").and_then(Value::as_array));
        if let Some(items) = list
            && items.first().is_some_and(|first| first.member("sessionValidator").is_some())
        {
            let read = |item| {
                read_session(item)
                    .map(|(chain, session)| Found { chains: chain.into_iter().collect(), ..Found::of(session) })
            };
            return Ok(Self::new("list of sessions", items.iter().map(read).collect::<Result<_, _>>()?));
        }
        let mut findings = Self::new("SessionDetails", Vec::new());
        for detail in session_details(value)? {
            findings.named.push(detail.permission_id);
            // Entries that were prepared for use only are no error as long as another holds the session.
            if let Some(Ok(data)) = detail.enable_session_data {
                findings.sessions.push(enabled(data.enable_session));
            }
        }
        Ok(findings)
    }

    fn of_session_data(value: &Value<'_>) -> Result<Self, StoredError> {
        let data = SessionData::new(value.clone())?;
        let account = Some(data.granter()?);
        let named = data.permission_ids()?;
        let stored = data.sessions()?;
        let mut sessions: Vec<_> = stored
            .into_iter()
            .map(|stored| Found { chains: vec![stored.chain_id], account, ..Found::of(stored.session) })
            .collect();
        sessions.extend(data.enable_session_data()?.map(|data| Found { account, ..enabled(data.enable_session) }));
        if let Some(action) = data.action()? {
            let deployment =
                Generation::ALL.map(Generation::deployment).into_iter().find(|known| known.module == action.target);
            let enabled = of_call(&action.call_data, DEPTH);
            sessions.extend(enabled.into_iter().map(|found| Found { account, deployment, ..found }));
        }
        Ok(Self { source: "SessionData", sessions, named })
    }

    fn of_bytes(bytes: &Bytes) -> Result<Self, Failure> {
        if bytes.starts_with(b"SSGRANT") {
            let frozen =
                FrozenGrant::decode(bytes).map_err(|error| Failure::input(error, "take the grant from its backup"))?;
            return Ok(Self::new("frozen grant", of_frozen(&frozen)));
        }
        let called = of_call(bytes, DEPTH);
        if !called.is_empty() {
            return Ok(Self::new("call data", called));
        }
        if let Ok(envelope) = SessionSignature::decode(bytes) {
            match envelope {
                SessionSignature::Enable { enable_session, .. } => {
                    return Ok(Self::new("session envelope", vec![enabled(*enable_session)]));
                }
                SessionSignature::Use { permission_id, .. } if bytes.len() >= 33 + 65 => {
                    return Ok(Self { named: vec![permission_id], ..Self::new("session envelope", Vec::new()) });
                }
                SessionSignature::Use { .. } => {}
            }
        }
        if let Ok(Some((_, sessions))) = decode_install_data(bytes) {
            return Ok(Self::new("data of onInstall", sessions.into_iter().map(Found::of).collect()));
        }
        let operations = decode::operations(bytes);
        if !operations.is_empty() {
            let found = operations
                .iter()
                .flat_map(|operation| of_operation(&operation.call_data, &operation.signature, operation.sender));
            return Ok(Self::new("operation", found.collect()));
        }
        let remedy =
            "give call data of enableSessions, an enabling signature or stored text; `sessions decode` says what it is";
        Err(Failure::input(format!("these {} bytes hold no session", bytes.len()), remedy))
    }
}

/// The sessions that an operation enables.
fn of_operation(call_data: &Bytes, signature: &Bytes, sender: Address) -> Vec<Found> {
    let mut found = of_call(call_data, DEPTH);
    if let Ok(SessionSignature::Enable { enable_session, .. }) = SessionSignature::decode(signature) {
        found.push(enabled(*enable_session));
    }
    found.iter_mut().for_each(|found| found.account = Some(sender));
    found
}

pub(crate) fn of_frozen(frozen: &FrozenGrant) -> Vec<Found> {
    let entries = frozen.grant().entries().iter().map(|entry| Found {
        session: entry.session.clone(),
        chains: vec![entry.chain_id],
        account: Some(entry.account),
        deployment: Some(*frozen.deployment()),
    });
    entries.collect()
}

fn enabled(enable: abi::EnableSession) -> Found {
    let chain = enable.hashes_and_chain_ids.get(usize::from(enable.chain_digest_index)).map(|digest| digest.chain_id);
    Found { chains: chain.into_iter().collect(), ..Found::of(enable.session_to_enable) }
}

/// The sessions that a call enables, also inside the account's `execute`.
fn of_call(data: &Bytes, depth: usize) -> Vec<Found> {
    let Some(depth) = depth.checked_sub(1) else { return Vec::new() };
    match ModuleCall::decode(data) {
        Ok(ModuleCall::EnableSessions(call)) => return call.sessions.into_iter().map(Found::of).collect(),
        Ok(ModuleCall::OnInstall(call)) => {
            let sessions = decode_install_data(&call.data).ok().flatten().map(|(_, sessions)| sessions);
            return sessions.unwrap_or_default().into_iter().map(Found::of).collect();
        }
        Ok(ModuleCall::SessionDigest(call)) => {
            return vec![Found { account: Some(call.account), ..Found::of(call.session) }];
        }
        Ok(ModuleCall::PermissionIdOf(call)) => return vec![Found::of(call.session)],
        _ => {}
    }
    match decode::execution(data) {
        Some((_, Execution::Single(call))) => of_call(&call.data, depth),
        Some((_, Execution::Batch(calls))) => calls.iter().flat_map(|call| of_call(&call.data, depth)).collect(),
        _ => Vec::new(),
    }
}
