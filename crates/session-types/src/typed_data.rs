//! The message that the owner signs, as JSON for `eth_signTypedData_v4`.

use alloc::string::{String, ToString};

use alloy_primitives::hex;

use crate::text::Value;
use crate::{MultiChainGrant, SignedFlags, SmartSessionMode, abi};

/// The members of each type, in the order of the message. The hash of each text is a constant beside the digest.
const TYPES: &[(&str, &[(&str, &str)])] = &[
    ("EIP712Domain", &[("name", "string"), ("version", "string")]),
    ("PolicyData", &[("policy", "address"), ("initData", "bytes")]),
    (
        "ActionData",
        &[("actionTargetSelector", "bytes4"), ("actionTarget", "address"), ("actionPolicies", "PolicyData[]")],
    ),
    ("ERC7739Context", &[("appDomainSeparator", "bytes32"), ("contentName", "string[]")]),
    ("ERC7739Data", &[("allowedERC7739Content", "ERC7739Context[]"), ("erc1271Policies", "PolicyData[]")]),
    (
        "SignedPermissions",
        &[
            ("permitGenericPolicy", "bool"),
            ("permitAdminAccess", "bool"),
            ("ignoreSecurityAttestations", "bool"),
            ("permitERC4337Paymaster", "bool"),
            ("userOpPolicies", "PolicyData[]"),
            ("erc7739Policies", "ERC7739Data"),
            ("actions", "ActionData[]"),
        ],
    ),
    (
        "SignedSession",
        &[
            ("account", "address"),
            ("permissions", "SignedPermissions"),
            ("sessionValidator", "address"),
            ("sessionValidatorInitData", "bytes"),
            ("salt", "bytes32"),
            ("smartSession", "address"),
            ("nonce", "uint256"),
        ],
    ),
    ("ChainSession", &[("chainId", "uint64"), ("session", "SignedSession")]),
    ("MultiChainSession", &[("sessionsAndChainIds", "ChainSession[]")]),
];

impl<S: AsRef<abi::Session>> MultiChainGrant<S> {
    /// The typed data of which [`digest`](Self::digest) is the hash, as JSON for `eth_signTypedData_v4`. Numbers are
    /// decimal text, so that no wallet rounds them.
    #[must_use]
    pub fn typed_data_json(&self) -> String {
        let member = |(name, kind): &(&'static str, &'static str)| {
            object([("name", Value::string(*name)), ("type", Value::string(*kind))])
        };
        let types = TYPES.iter().map(|(name, members)| (*name, Value::array(members.iter().map(member))));
        let sessions = self.entries().iter().map(|entry| {
            let session = entry.session.as_ref();
            let signed = object([
                ("account", Value::string(entry.account.to_string())),
                ("permissions", permissions(session, session.signed_flags(SmartSessionMode::from(self.mode())))),
                ("sessionValidator", Value::string(session.session_validator.to_string())),
                ("sessionValidatorInitData", bytes(&session.session_validator_init_data)),
                ("salt", bytes(session.salt.as_slice())),
                ("smartSession", Value::string(entry.module.to_string())),
                ("nonce", Value::string(entry.nonce.to_string())),
            ]);
            object([("chainId", Value::string(entry.chain_id.to_string())), ("session", signed)])
        });
        let domain = object([("name", Value::string("SmartSession")), ("version", Value::string("1"))]);
        let typed_data = object([
            ("types", object(types)),
            ("domain", domain),
            ("primaryType", Value::string("MultiChainSession")),
            ("message", object([("sessionsAndChainIds", Value::array(sessions))])),
        ]);
        typed_data.to_text().unwrap_or_default()
    }
}

fn object(members: impl IntoIterator<Item = (&'static str, Value<'static>)>) -> Value<'static> {
    Value::object(members)
}

fn bytes(bytes: &[u8]) -> Value<'static> {
    Value::string(hex::encode_prefixed(bytes))
}

fn policies(policies: &[abi::PolicyData]) -> Value<'static> {
    Value::array(
        policies.iter().map(|data| {
            object([("policy", Value::string(data.policy.to_string())), ("initData", bytes(&data.init_data))])
        }),
    )
}

fn context(context: &abi::Erc7739Context) -> Value<'static> {
    let names = context.content_names.iter().map(|name| Value::string(name.clone()));
    object([
        ("appDomainSeparator", bytes(context.app_domain_separator.as_slice())),
        ("contentName", Value::array(names)),
    ])
}

fn action(action: &abi::ActionData) -> Value<'static> {
    object([
        ("actionTargetSelector", bytes(action.action_target_selector.as_slice())),
        ("actionTarget", Value::string(action.action_target.to_string())),
        ("actionPolicies", policies(&action.action_policies)),
    ])
}

fn permissions(session: &abi::Session, flags: SignedFlags) -> Value<'static> {
    let erc7739 = &session.erc7739_policies;
    object([
        ("permitGenericPolicy", Value::Bool(flags.permit_generic_policy)),
        ("permitAdminAccess", Value::Bool(flags.permit_admin_access)),
        ("ignoreSecurityAttestations", Value::Bool(flags.ignore_security_attestations)),
        ("permitERC4337Paymaster", Value::Bool(flags.permit_erc4337_paymaster)),
        ("userOpPolicies", policies(&session.user_op_policies)),
        (
            "erc7739Policies",
            object([
                ("allowedERC7739Content", Value::array(erc7739.allowed_erc7739_content.iter().map(context))),
                ("erc1271Policies", policies(&erc7739.erc1271_policies)),
            ]),
        ),
        ("actions", Value::array(session.actions.iter().map(action))),
    ])
}
