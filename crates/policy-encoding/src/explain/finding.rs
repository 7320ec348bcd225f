use alloc::{format, string::String, vec::Vec};
use core::fmt;

use alloy_primitives::{Selector, fixed_bytes};
use session_types::{ActionTarget, Deployment, SlotKind, abi, validator::OwnersData};

use super::{Explainer, Words, action::Understood, format::is_boundless};
use crate::{AnyPolicy, Condition, ParamKind, Rule, SpendingLimits};

/// How dangerous a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Severity {
    /// Good to know.
    Note,
    /// Does not do what it seems to, or never ends.
    Warning,
    /// Can lose what the permission is about.
    Danger,
    /// Can lose the account.
    Critical,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "NOTE",
            Self::Warning => "WARNING",
            Self::Danger => "DANGER",
            Self::Critical => "CRITICAL",
        })
    }
}

/// What is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FindingKind {
    /// The generic fallback without a list of contracts.
    OpenFallback,
    /// The session module may be called.
    AdminFallback,
    /// A function of the account itself may be called.
    SelfCall,
    /// Messages may be signed in the account's name.
    Signing,
    /// Nothing limits the arguments or the native value of a call.
    Unrestricted,
    /// Any spender can be approved.
    OpenSpender,
    /// Anyone can receive tokens, and nothing limits the sum.
    OpenRecipient,
    /// Tokens can be pulled from anyone who approved the account.
    OpenSource,
    /// A limit that limits nothing.
    BoundlessLimit,
    /// A rule that another encoding of the same call sidesteps.
    EvadableRule,
    /// A rule that compares a signed number as if it had no sign.
    SignedComparison,
    /// No end.
    NoExpiry,
    /// A paymaster may pay, and nothing limits how much.
    PaymasterWithoutCap,
    /// The action never permits anything.
    Unusable,
    /// The policies are of another deployment than the module.
    MixedGenerations,
    /// A policy that is not understood.
    UnknownPolicy,
    /// The module refuses to enable the session.
    CannotBeEnabled,
    /// Of a policy that stands twice the last one counts.
    Replaced,
}

impl FindingKind {
    /// Every kind.
    pub const ALL: [Self; 18] = [
        Self::OpenFallback,
        Self::AdminFallback,
        Self::SelfCall,
        Self::Signing,
        Self::Unrestricted,
        Self::OpenSpender,
        Self::OpenRecipient,
        Self::OpenSource,
        Self::BoundlessLimit,
        Self::EvadableRule,
        Self::SignedComparison,
        Self::NoExpiry,
        Self::PaymasterWithoutCap,
        Self::Unusable,
        Self::MixedGenerations,
        Self::UnknownPolicy,
        Self::CannotBeEnabled,
        Self::Replaced,
    ];

    /// A name for programs, which stays: `open-fallback`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::OpenFallback => "open-fallback",
            Self::AdminFallback => "admin-fallback",
            Self::SelfCall => "self-call",
            Self::Signing => "signing",
            Self::Unrestricted => "unrestricted",
            Self::OpenSpender => "open-spender",
            Self::OpenRecipient => "open-recipient",
            Self::OpenSource => "open-source",
            Self::BoundlessLimit => "boundless-limit",
            Self::EvadableRule => "evadable-rule",
            Self::SignedComparison => "signed-comparison",
            Self::NoExpiry => "no-expiry",
            Self::PaymasterWithoutCap => "paymaster-without-cap",
            Self::Unusable => "unusable",
            Self::MixedGenerations => "mixed-generations",
            Self::UnknownPolicy => "unknown-policy",
            Self::CannotBeEnabled => "cannot-be-enabled",
            Self::Replaced => "replaced",
        }
    }
}

/// Something that the owner should know before signing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Finding {
    /// How dangerous it is.
    pub severity: Severity,
    /// What it is.
    pub kind: FindingKind,
    /// The action's place in the session; `None` when it is about the whole session.
    pub action: Option<usize>,
    /// What it is, in a sentence.
    pub text: String,
    /// What to do instead.
    pub remedy: String,
}

const TRANSFER: Selector = fixed_bytes!("a9059cbb");
const TRANSFER_FROM: Selector = fixed_bytes!("23b872dd");
/// `approve`, `increaseAllowance`, `setApprovalForAll`: the first argument is who gets power over tokens.
const APPROVALS: [Selector; 3] = [fixed_bytes!("095ea7b3"), fixed_bytes!("39509351"), fixed_bytes!("a22cb465")];
/// Functions of modular accounts that hand over the account (ERC-7579 and common upgrades).
const ACCOUNT_FUNCTIONS: [Selector; 7] = [
    fixed_bytes!("9517e29f"), // installModule(uint256,address,bytes)
    fixed_bytes!("a71763a8"), // uninstallModule(uint256,address,bytes)
    fixed_bytes!("e9ae5c53"), // execute(bytes32,bytes)
    fixed_bytes!("d691c964"), // executeFromExecutor(bytes32,bytes)
    fixed_bytes!("8dd7712f"), // executeUserOp(PackedUserOperation,bytes32)
    fixed_bytes!("4f1ef286"), // upgradeToAndCall(address,bytes)
    fixed_bytes!("3659cfe6"), // upgradeTo(address)
];

struct Findings(Vec<Finding>);

impl Findings {
    fn add(
        &mut self,
        severity: Severity,
        kind: FindingKind,
        action: Option<usize>,
        text: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.0.push(Finding { severity, kind, action, text: text.into(), remedy: remedy.into() });
    }
}

impl Explainer<'_> {
    /// What is dangerous about a session, or does not work, the worst first.
    #[must_use]
    pub fn findings(&self, session: &abi::Session) -> Vec<Finding> {
        let mut found = Findings(Vec::new());
        self.whole_session(session, &mut found);
        for (index, action) in session.actions.iter().enumerate() {
            self.slot(&action.action_policies, SlotKind::Action, Some(index), &mut found);
            self.action_findings(index, action, &mut found);
        }
        found.0.sort_by_key(|finding| core::cmp::Reverse(finding.severity));
        found.0
    }

    fn whole_session(&self, session: &abi::Session, found: &mut Findings) {
        self.slot(&session.user_op_policies, SlotKind::UserOp, None, found);
        self.slot(&session.erc7739_policies.erc1271_policies, SlotKind::Erc1271, None, found);
        if !session.erc7739_policies.allowed_erc7739_content.is_empty() {
            found.add(
                Severity::Critical,
                FindingKind::Signing,
                None,
                "The session key may sign messages in the account's name. Token permits and trades are such messages: \
                 this can move every asset of the account.",
                "Leave it out unless the application cannot work without.",
            );
        }
        let ends = |policies: &[abi::PolicyData]| {
            policies.iter().any(|data| {
                matches!(self.understand(data), Understood::Known(AnyPolicy::TimeFrame(frame)) if frame.window().valid_until != 0)
            })
        };
        if !ends(&session.user_op_policies) && session.actions.iter().any(|action| !ends(&action.action_policies)) {
            found.add(
                Severity::Warning,
                FindingKind::NoExpiry,
                None,
                "The permission has no end: a key that leaks in years can still use it.",
                "Add a time frame.",
            );
        }
        let capped = session.user_op_policies.iter().any(|data| {
            matches!(self.understand(data), Understood::Known(AnyPolicy::SimpleGas(_) | AnyPolicy::UsageLimit(_)))
        });
        if session.permit_erc4337_paymaster && !capped {
            found.add(
                Severity::Note,
                FindingKind::PaymasterWithoutCap,
                None,
                "A paymaster may pay for gas, and nothing limits how often or how much.",
                "Add a gas limit or a usage limit for operations.",
            );
        }
        if session.permit_erc4337_paymaster && session.user_op_policies.is_empty() {
            found.add(
                Severity::Warning,
                FindingKind::Unusable,
                None,
                "A paymaster is permitted, but without a policy for operations every such operation is refused.",
                "Add a policy for operations, at least sudo.",
            );
        }
        let ownable = self.deployment.ownable_validator.address == session.session_validator;
        if ownable && !OwnersData::decode(&session.session_validator_init_data).is_ok_and(|data| data.check().is_ok()) {
            found.add(
                Severity::Warning,
                FindingKind::Unusable,
                None,
                "The session keys are written in a way that their contract refuses: no signature will ever be accepted.",
                "List the keys in ascending order, each once, with a threshold of at least one.",
            );
        }
    }

    /// Policies that do not belong in their slot, are unknown, malformed or of another deployment.
    fn slot(&self, policies: &[abi::PolicyData], slot: SlotKind, action: Option<usize>, found: &mut Findings) {
        let others = if self.deployment.policies == Deployment::legacy().policies {
            Deployment::current().policies
        } else {
            Deployment::legacy().policies
        };
        for (index, data) in policies.iter().enumerate() {
            let policy = data.policy;
            if self.deployment.policies.find(policy).is_none() && others.find(policy).is_some() {
                found.add(
                    Severity::Warning,
                    FindingKind::MixedGenerations,
                    action,
                    format!("Policy {policy} belongs to another deployment than the session module."),
                    "Take policies and module from one deployment.",
                );
            }
            if policies[index + 1..].iter().any(|later| later.policy == policy) {
                found.add(
                    Severity::Warning,
                    FindingKind::Replaced,
                    action,
                    format!("Policy {policy} is listed twice: the later settings replace the earlier ones."),
                    "List each policy once.",
                );
            }
            match self.understand(data) {
                Understood::Unknown => found.add(
                    Severity::Danger,
                    FindingKind::UnknownPolicy,
                    action,
                    format!("Policy {policy} is not known here: whatever it permits is permitted."),
                    "Sign only if you trust whoever made this request, or use policies that can be shown.",
                ),
                Understood::Refused(why) => found.add(
                    Severity::Warning,
                    FindingKind::CannotBeEnabled,
                    action,
                    format!("Policy {policy} refuses its settings: {why}."),
                    "Correct the settings.",
                ),
                Understood::Known(known) if !known.fits(slot) => found.add(
                    Severity::Warning,
                    FindingKind::CannotBeEnabled,
                    action,
                    format!(
                        "The {} policy does not work in the {slot} slot: the module refuses the session.",
                        known.name()
                    ),
                    "Move it to a slot that it works in.",
                ),
                Understood::Known(_) => {}
            }
        }
    }

    fn action_findings(&self, index: usize, action: &abi::ActionData, found: &mut Findings) {
        let target = ActionTarget::from_parts(action.action_target, action.action_target_selector);
        let place = Some(index);
        let number = index + 1;
        let (limits, unknown) = self.limits(&action.action_policies);
        let (address, selector) = (target.address(), target.selector());
        let words = Words::of_action(self.glossary, target);
        let nothing_to_limit = words.shape().is_some_and(|shape| shape.parameters().is_empty());
        if target == ActionTarget::AdminFallback {
            found.add(
                Severity::Critical,
                FindingKind::AdminFallback,
                place,
                format!("Permission {number} lets the session key grant itself any other permission."),
                "Remove it.",
            );
        }
        if target == ActionTarget::GenericFallback && !limits.target {
            found.add(
                Severity::Critical,
                FindingKind::OpenFallback,
                place,
                format!("Permission {number} covers every contract, and the account's own functions: it hands over the account."),
                "List the functions one by one, or add a list of contracts.",
            );
        }
        if target == ActionTarget::GenericFallback && limits.target && !limits.arguments {
            found.add(
                Severity::Danger,
                FindingKind::OpenFallback,
                place,
                format!("Permission {number} covers every function of its contracts: tokens among them can be sent to anyone."),
                "List the functions one by one, with rules about their arguments.",
            );
        }
        let own = self.account == Some(address) || ACCOUNT_FUNCTIONS.contains(&selector);
        if own && !target.is_fallback() {
            found.add(
                Severity::Critical,
                FindingKind::SelfCall,
                place,
                format!("Permission {number} calls a function that controls the account itself."),
                "Let the owner make such calls.",
            );
        }
        if action.action_policies.is_empty() {
            found.add(
                Severity::Warning,
                FindingKind::Unusable,
                place,
                format!("Permission {number} has no policy, so it never permits anything."),
                "Add a policy, or remove it.",
            );
        } else if !limits.value && !unknown && !target.is_fallback() {
            let (severity, what) = match target {
                ActionTarget::Value { .. } => (Severity::Danger, "sends any amount of native currency"),
                _ if limits.arguments || nothing_to_limit => {
                    (Severity::Note, "may send any amount of native currency along")
                }
                _ => {
                    (Severity::Danger, "is limited neither in its arguments nor in the native currency it sends along")
                }
            };
            found.add(
                severity,
                FindingKind::Unrestricted,
                place,
                format!("Permission {number} {what}."),
                "Add rules about the arguments, or a value limit.",
            );
        }
        for data in &action.action_policies {
            if let Understood::Known(policy) = self.understand(data) {
                self.policy_findings(place, number, target, &policy, found);
            }
        }
        self.token_findings(place, number, selector, &action.action_policies, found);
    }

    fn policy_findings(
        &self,
        place: Option<usize>,
        number: usize,
        target: ActionTarget,
        policy: &AnyPolicy,
        found: &mut Findings,
    ) {
        let mut unusable = |why: &str, remedy: &str| {
            let text = format!("Permission {number} never permits anything: {why}.");
            found.add(Severity::Warning, FindingKind::Unusable, place, text, remedy);
        };
        match policy {
            AnyPolicy::UniversalAction(policy) if policy.rules().is_empty() => {
                unusable("its policy has no rules", "Add a rule.");
            }
            AnyPolicy::TimeFrame(frame) if frame.window() == crate::check::Window::UNBOUNDED => {
                unusable("its time frame has neither start nor end", "Set an end.");
            }
            AnyPolicy::SpendingLimits(limits) => {
                if let ActionTarget::Exact { target: token, selector } = target {
                    if !SpendingLimits::FUNCTIONS.contains(&selector) {
                        unusable(
                            "spending limits know transfers and approvals of ERC-20 only",
                            "Move them to the actions for transfer, transferFrom and approve.",
                        );
                    } else if limits.limit_of(token).is_none() {
                        unusable(
                            "its spending limits do not name the token that is called",
                            "Name the token of the action.",
                        );
                    }
                }
            }
            _ => {}
        }
        let boundless = match policy {
            AnyPolicy::ValueLimit(policy) => is_boundless(policy.limit()),
            AnyPolicy::SpendingLimits(policy) => policy.tokens().iter().any(|entry| is_boundless(entry.limit)),
            AnyPolicy::UniversalAction(policy) => policy.rules().iter().any(Words::is_empty_rule),
            _ => false,
        };
        if boundless {
            found.add(
                Severity::Warning,
                FindingKind::BoundlessLimit,
                place,
                format!("A limit of permission {number} is so large that it limits nothing."),
                "Set the amount that is really needed.",
            );
        }
        let rules: &[Rule] = match policy {
            AnyPolicy::UniversalAction(policy) => policy.rules(),
            AnyPolicy::ArgPolicy(policy) => policy.rules(),
            _ => &[],
        };
        self.rule_findings(place, number, target, rules, found);
    }

    fn rule_findings(
        &self,
        place: Option<usize>,
        number: usize,
        target: ActionTarget,
        rules: &[Rule],
        found: &mut Findings,
    ) {
        let words = Words::of_action(self.glossary, target);
        let Some(shape) = words.shape() else { return };
        for rule in rules {
            let at = shape.at(rule.offset());
            if at.is_none() {
                found.add(
                    Severity::Danger,
                    FindingKind::EvadableRule,
                    place,
                    format!(
                        "A rule of permission {number} looks at byte {} behind the parameters' fixed part: the same call \
                         can be written so that the rule sees something else.",
                        rule.offset()
                    ),
                    "Use rules about parameters in a fixed place only.",
                );
            }
            let ordered = !matches!(rule.condition(), Condition::Equal | Condition::NotEqual);
            if ordered && matches!(at.map(|at| at.kind), Some(ParamKind::Int(_))) {
                found.add(
                    Severity::Danger,
                    FindingKind::SignedComparison,
                    place,
                    format!("A rule of permission {number} compares {} as a number without sign: negative values count as huge.", words.parameter(rule.offset())),
                    "Compare signed parameters for equality only.",
                );
            }
        }
    }

    /// Who gets tokens, and who gets power over them.
    fn token_findings(
        &self,
        place: Option<usize>,
        number: usize,
        selector: Selector,
        policies: &[abi::PolicyData],
        found: &mut Findings,
    ) {
        let known = || {
            policies.iter().filter_map(|data| match self.understand(data) {
                Understood::Known(policy) => Some(policy),
                _ => None,
            })
        };
        let pins = |offset: u64| {
            known().any(|policy| match policy {
                AnyPolicy::UniversalAction(policy) => {
                    policy.rules().iter().any(|rule| rule.offset() == offset && rule.condition() == Condition::Equal)
                }
                AnyPolicy::ArgPolicy(policy) => policy.requires(offset),
                _ => false,
            })
        };
        if policies.is_empty() {
            return;
        }
        if APPROVALS.contains(&selector) && !pins(0) {
            found.add(
                Severity::Danger,
                FindingKind::OpenSpender,
                place,
                format!("Permission {number} approves any spender: whoever is approved can take the tokens later."),
                "Add a rule that the spender must be the contract that needs it.",
            );
        }
        let to = match selector {
            TRANSFER => 0,
            TRANSFER_FROM => 32,
            _ => return,
        };
        let amount = to + 32;
        let capped = known().any(|policy| match policy {
            AnyPolicy::SpendingLimits(_) => true,
            AnyPolicy::UniversalAction(policy) => policy
                .rules()
                .iter()
                .any(|rule| rule.offset() == amount && rule.is_limited() && !is_boundless(rule.limit())),
            _ => false,
        });
        if !pins(to) && !capped {
            found.add(
                Severity::Danger,
                FindingKind::OpenRecipient,
                place,
                format!("Permission {number} sends tokens to anyone, without a limit for all calls together."),
                "Add a rule about the recipient, a limit of the sum, or spending limits.",
            );
        }
        if selector == TRANSFER_FROM && !pins(0) {
            found.add(
                Severity::Note,
                FindingKind::OpenSource,
                place,
                format!("Permission {number} can also pull tokens from everyone who approved the account."),
                "Add a rule that the source must be the account.",
            );
        }
    }
}
