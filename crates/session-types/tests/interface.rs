//! Encoders and digests against alloy's derive of the same Solidity declarations, on random values.

use alloy_primitives::{Address, B256, Bytes, FixedBytes, U256};
use alloy_sol_types::{Eip712Domain, SolCall, SolError, SolEvent, SolStruct, SolValue, eip712_domain};
use proptest::collection::vec;
use proptest::prelude::*;
use session_types::abi::{self, ModuleCall, ModuleError, ModuleEvent, ModuleFunction};
use session_types::{
    ActionId, ChainSession, DOMAIN_SEPARATOR, EnableMode, MultiChainGrant, PermissionId, enable_payload,
    multi_chain_digest,
};

mod sol_interface;
use sol_interface::{ISmartSession, typed};

fn bytes() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..100).prop_map(Bytes::from)
}

fn policy() -> impl Strategy<Value = abi::PolicyData> {
    (any::<Address>(), bytes()).prop_map(|(policy, init_data)| abi::PolicyData { policy, init_data })
}

fn action() -> impl Strategy<Value = abi::ActionData> {
    let target = prop_oneof![any::<Address>(), Just(Address::with_last_byte(1))];
    let selector = prop_oneof![any::<FixedBytes<4>>(), (1..3_u8).prop_map(|n| FixedBytes([0, 0, 0, n]))];
    (selector, target, vec(policy(), 0..3)).prop_map(|(action_target_selector, action_target, action_policies)| {
        abi::ActionData { action_target_selector, action_target, action_policies }
    })
}

fn context() -> impl Strategy<Value = abi::Erc7739Context> {
    (any::<B256>(), vec(".{0,40}", 0..3))
        .prop_map(|(app_domain_separator, content_names)| abi::Erc7739Context { app_domain_separator, content_names })
}

fn erc7739() -> impl Strategy<Value = abi::Erc7739Data> {
    (vec(context(), 0..3), vec(policy(), 0..3)).prop_map(|(allowed_erc7739_content, erc1271_policies)| {
        abi::Erc7739Data { allowed_erc7739_content, erc1271_policies }
    })
}

fn session() -> impl Strategy<Value = abi::Session> {
    let parts =
        (any::<Address>(), bytes(), any::<B256>(), vec(policy(), 0..3), erc7739(), vec(action(), 0..4), any::<bool>());
    parts.prop_map(|(validator, init_data, salt, user_op_policies, erc7739_policies, actions, paymaster)| {
        abi::Session {
            session_validator: validator,
            session_validator_init_data: init_data,
            salt,
            user_op_policies,
            erc7739_policies,
            actions,
            permit_erc4337_paymaster: paymaster,
        }
    })
}

fn entry() -> impl Strategy<Value = ChainSession<abi::Session>> {
    (any::<u64>(), any::<Address>(), any::<Address>(), any::<U256>(), session()).prop_map(
        |(chain_id, account, module, nonce, session)| ChainSession { chain_id, account, module, nonce, session },
    )
}

fn mode() -> impl Strategy<Value = EnableMode> {
    prop_oneof![Just(EnableMode::Enable), Just(EnableMode::UnsafeEnable)]
}

fn enable_session() -> impl Strategy<Value = abi::EnableSession> {
    let digest = (any::<u64>(), any::<B256>())
        .prop_map(|(chain_id, session_digest)| abi::ChainDigest { chain_id, session_digest });
    (any::<u8>(), vec(digest, 0..4), session(), bytes()).prop_map(
        |(chain_digest_index, hashes_and_chain_ids, session_to_enable, permission_enable_sig)| abi::EnableSession {
            chain_digest_index,
            hashes_and_chain_ids,
            session_to_enable,
            permission_enable_sig,
        },
    )
}

const DOMAIN: Eip712Domain = eip712_domain! { name: "SmartSession", version: "1", };

fn typed_message(mode: EnableMode, entries: &[ChainSession<abi::Session>]) -> typed::MultiChainSession {
    let chain = |entry: &ChainSession<abi::Session>| {
        let flags = entry.session.signed_flags(mode.into());
        let session = sol_interface::session(&entry.session);
        typed::ChainSession {
            chainId: entry.chain_id,
            session: typed::SignedSession {
                account: entry.account,
                permissions: typed::SignedPermissions {
                    permitGenericPolicy: flags.permit_generic_policy,
                    permitAdminAccess: flags.permit_admin_access,
                    ignoreSecurityAttestations: flags.ignore_security_attestations,
                    permitERC4337Paymaster: flags.permit_erc4337_paymaster,
                    userOpPolicies: sol_interface::typed_policies(&session.userOpPolicies),
                    erc7739Policies: sol_interface::typed_erc7739(&session.erc7739Policies),
                    actions: sol_interface::typed_actions(&session.actions),
                },
                sessionValidator: session.sessionValidator,
                sessionValidatorInitData: session.sessionValidatorInitData,
                salt: session.salt,
                smartSession: entry.module,
                nonce: entry.nonce,
            },
        }
    };
    typed::MultiChainSession { sessionsAndChainIds: entries.iter().map(chain).collect() }
}

#[test]
fn domain_separator_is_that_of_the_derive() {
    assert_eq!(DOMAIN.separator(), DOMAIN_SEPARATOR);
}

/// Checks a call against alloy's encoding of the same parameters, and that it is read back.
fn call_is<C: ModuleFunction + Into<ModuleCall>>(call: C, expected: &[u8]) {
    let calldata = call.calldata();
    assert_eq!(calldata, Bytes::copy_from_slice(expected), "{}", C::SIGNATURE);
    let decoded = ModuleCall::decode(&calldata).unwrap();
    assert_eq!(decoded, call.into());
    assert_eq!(decoded.calldata(), calldata);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn digests_are_those_of_the_derive(mode in mode(), entries in vec(entry(), 1..4)) {
        let message = typed_message(mode, &entries);
        for (entry, typed) in entries.iter().zip(&message.sessionsAndChainIds) {
            prop_assert_eq!(entry.digest(mode), typed.session.eip712_hash_struct());
        }
        let grant = MultiChainGrant::new(mode, entries).unwrap();
        prop_assert_eq!(grant.digest(), message.eip712_signing_hash(&DOMAIN));
    }

    #[test]
    fn equal_permissions_are_hashed_once_without_a_difference(mode in mode(), first in entry(), others in vec(entry(), 0..4)) {
        let shared: Vec<_> = others
            .into_iter()
            .map(|other| {
                let session = abi::Session { salt: other.session.salt, ..first.session.clone() };
                ChainSession { session, ..other }
            })
            .chain([first.clone()])
            .collect();
        let alone: Vec<_> = shared.iter().map(|entry| entry.chain_digest(mode)).collect();
        let grant = MultiChainGrant::new(mode, shared).unwrap();
        prop_assert_eq!(grant.chain_digests().collect::<Vec<_>>(), alone.clone());
        prop_assert_eq!(grant.digest(), multi_chain_digest(alone));
    }

    #[test]
    fn typed_data_json_has_the_digest(mode in mode(), entries in vec(entry(), 1..3)) {
        let grant = MultiChainGrant::new(mode, entries).unwrap();
        let typed: alloy_dyn_abi::TypedData = serde_json::from_str(&grant.typed_data_json()).unwrap();
        prop_assert_eq!(typed.eip712_signing_hash().unwrap(), grant.digest());
    }

    #[test]
    fn session_calls(sessions in vec(session(), 0..3), account: Address, id: B256, mode: u8) {
        let sol: Vec<_> = sessions.iter().map(sol_interface::session).collect();
        let expected = ISmartSession::enableSessionsCall { sessions: sol.clone() }.abi_encode();
        prop_assert_eq!(abi::enable_sessions_calldata(&sessions), Bytes::from(expected.clone()));
        let permission_id = PermissionId(id);
        if let (Some(session), Some(sol)) = (sessions.first(), sol.first()) {
            call_is(
                abi::SessionDigest { permission_id, account, session: session.clone(), mode },
                &ISmartSession::getSessionDigestCall { permissionId: id, account, data: sol.clone(), mode }.abi_encode(),
            );
            call_is(
                abi::PermissionIdOf { session: session.clone() },
                &ISmartSession::getPermissionIdCall { session: sol.clone() }.abi_encode(),
            );
        }
        call_is(abi::EnableSessions { sessions }, &expected);
    }

    #[test]
    fn policy_calls(
        id: B256,
        account: Address,
        action_id: B256,
        policies in vec(policy(), 0..3),
        actions in vec(action(), 0..3),
        erc7739_policies in erc7739(),
        addresses: Vec<Address>,
        flag: bool,
    ) {
        let (permission_id, action_id_) = (PermissionId(id), ActionId(action_id));
        let sol_policies = || sol_interface::policies(&policies);
        let sol_actions = || sol_interface::actions(&actions);
        let sol_erc7739 = || sol_interface::erc7739(&erc7739_policies);
        call_is(
            abi::EnableUserOpPolicies { permission_id, user_op_policies: policies.clone() },
            &ISmartSession::enableUserOpPoliciesCall { permissionId: id, userOpPolicies: sol_policies() }.abi_encode(),
        );
        call_is(
            abi::DisableUserOpPolicies { permission_id, policies: addresses.clone() },
            &ISmartSession::disableUserOpPoliciesCall { permissionId: id, policies: addresses.clone() }.abi_encode(),
        );
        call_is(
            abi::EnableErc1271Policies { permission_id, erc7739_policies: erc7739_policies.clone() },
            &ISmartSession::enableERC1271PoliciesCall { permissionId: id, erc1271Policies: sol_erc7739() }.abi_encode(),
        );
        call_is(
            abi::DisableErc1271Policies {
                permission_id,
                policies: addresses.clone(),
                contents: erc7739_policies.allowed_erc7739_content.clone(),
            },
            &ISmartSession::disableERC1271PoliciesCall {
                permissionId: id,
                policies: addresses.clone(),
                contents: sol_erc7739().allowedERC7739Content,
            }
            .abi_encode(),
        );
        call_is(
            abi::EnableActionPolicies { permission_id, action_policies: actions.clone() },
            &ISmartSession::enableActionPoliciesCall { permissionId: id, actionPolicies: sol_actions() }.abi_encode(),
        );
        call_is(
            abi::DisableActionPolicies { permission_id, action_id: action_id_, policies: addresses.clone() },
            &ISmartSession::disableActionPoliciesCall { permissionId: id, actionId: action_id, policies: addresses.clone() }
                .abi_encode(),
        );
        call_is(
            abi::SetPermit4337Paymaster { permission_id, enabled: flag },
            &ISmartSession::setPermit4337PaymasterCall { permissionId: id, enabled: flag }.abi_encode(),
        );
        call_is(
            abi::AreActionsEnabled { account, permission_id, actions: actions.clone() },
            &ISmartSession::areActionsEnabledCall { account, permissionId: id, actions: sol_actions() }.abi_encode(),
        );
        call_is(
            abi::AreUserOpPoliciesEnabled { account, permission_id, policies: policies.clone() },
            &ISmartSession::areUserOpPoliciesEnabledCall { account, permissionId: id, userOpPolicies: sol_policies() }
                .abi_encode(),
        );
        call_is(
            abi::AreErc1271PoliciesEnabled { account, permission_id, policies: policies.clone() },
            &ISmartSession::areERC1271PoliciesEnabledCall { account, permissionId: id, erc1271Policies: sol_policies() }
                .abi_encode(),
        );
    }

    #[test]
    fn word_calls(id: B256, account: Address, action_id: B256, policy: Address, data in bytes(), content in ".{0,60}") {
        let (permission_id, action_id_) = (PermissionId(id), ActionId(action_id));
        macro_rules! same {
            ($ours:expr, $theirs:expr) => { call_is($ours, &$theirs.abi_encode()) };
        }
        use ISmartSession as I;
        same!(abi::RemoveSession { permission_id }, I::removeSessionCall { permissionId: id });
        same!(abi::RevokeEnableSignature { permission_id }, I::revokeEnableSignatureCall { permissionId: id });
        same!(abi::DisableActionId { permission_id, action_id: action_id_ }, I::disableActionIdCall { permissionId: id, actionId: action_id });
        same!(abi::OnInstall { data: data.clone() }, I::onInstallCall { data: data.clone() });
        same!(abi::OnUninstall { data: data.clone() }, I::onUninstallCall { data: data.clone() });
        same!(
            abi::IsValidSignatureWithSender { sender: account, hash: id, signature: data.clone() },
            I::isValidSignatureWithSenderCall { sender: account, hash: id, signature: data.clone() }
        );
        same!(abi::Nonce { permission_id, account }, I::getNonceCall { permissionId: id, account });
        same!(abi::PermissionIds { account }, I::getPermissionIDsCall { account });
        same!(abi::IsPermissionEnabled { permission_id, account }, I::isPermissionEnabledCall { permissionId: id, account });
        same!(abi::IsSessionValidatorSet { permission_id, account }, I::isISessionValidatorSetCall { permissionId: id, account });
        same!(abi::IsInitialized { account }, I::isInitializedCall { account });
        same!(abi::IsModuleType { module_type: id.into() }, I::isModuleTypeCall { moduleType: id.into() });
        same!(abi::EnabledActions { account, permission_id }, I::getEnabledActionsCall { account, permissionId: id });
        same!(
            abi::ActionPolicies { account, permission_id, action_id: action_id_ },
            I::getActionPoliciesCall { account, permissionId: id, actionId: action_id }
        );
        same!(abi::UserOpPolicies { account, permission_id }, I::getUserOpPoliciesCall { account, permissionId: id });
        same!(abi::Erc1271Policies { account, permission_id }, I::getERC1271PoliciesCall { account, permissionId: id });
        same!(
            abi::SessionValidatorAndConfig { account, permission_id },
            I::getSessionValidatorAndConfigCall { account, permissionId: id }
        );
        same!(
            abi::EnabledErc7739Content { account, permission_id },
            I::getEnabledERC7739ContentCall { account, permissionId: id }
        );
        same!(
            abi::IsActionIdEnabled { account, permission_id, action_id: action_id_ },
            I::isActionIdEnabledCall { account, permissionId: id, actionId: action_id }
        );
        same!(
            abi::IsActionPolicyEnabled { account, permission_id, action_id: action_id_, policy },
            I::isActionPolicyEnabledCall { account, permissionId: id, actionId: action_id, policy }
        );
        same!(
            abi::IsErc1271PolicyEnabled { account, permission_id, policy },
            I::isERC1271PolicyEnabledCall { account, permissionId: id, policy }
        );
        same!(
            abi::IsUserOpPolicyEnabled { account, permission_id, policy },
            I::isUserOpPolicyEnabledCall { account, permissionId: id, policy }
        );
        same!(
            abi::IsErc7739ContentEnabled { account, permission_id, app_domain_separator: action_id, content: content.clone() },
            I::isERC7739ContentEnabledCall { account, permissionId: id, appDomainSeparator: action_id, content: content.clone() }
        );
        let user_op = abi::PackedUserOperation {
            sender: account,
            nonce: id.into(),
            init_code: data.clone(),
            call_data: data.clone(),
            account_gas_limits: action_id,
            pre_verification_gas: U256::from(7),
            gas_fees: id,
            paymaster_and_data: Bytes::new(),
            signature: data.clone(),
        };
        let theirs = sol_interface::PackedUserOperation {
            sender: account,
            nonce: id.into(),
            initCode: data.clone(),
            callData: data.clone(),
            accountGasLimits: action_id,
            preVerificationGas: U256::from(7),
            gasFees: id,
            paymasterAndData: Bytes::new(),
            signature: data,
        };
        same!(
            abi::ValidateUserOp { user_op, user_op_hash: id },
            I::validateUserOpCall { userOp: theirs, userOpHash: id }
        );
    }

    #[test]
    fn answers_are_read(ids: Vec<B256>, addresses: Vec<Address>, flag: bool, number: U256, data in bytes(), account: Address) {
        let permissions: Vec<_> = ids.iter().copied().map(PermissionId).collect();
        prop_assert_eq!(abi::PermissionIds::decode_return(&ids.abi_encode()), Ok(permissions.clone()));
        prop_assert_eq!(abi::EnableSessions::decode_return(&ids.abi_encode()), Ok(permissions));
        prop_assert_eq!(abi::ActionPolicies::decode_return(&addresses.abi_encode()), Ok(addresses));
        prop_assert_eq!(abi::IsPermissionEnabled::decode_return(&flag.abi_encode()), Ok(flag));
        prop_assert_eq!(abi::Nonce::decode_return(&number.abi_encode()), Ok(number));
        prop_assert_eq!(
            abi::SessionValidatorAndConfig::decode_return(&(account, data.clone()).abi_encode_params()),
            Ok((account, data))
        );
        let contents: Vec<(B256, Vec<B256>)> = ids.iter().map(|id| (*id, ids.clone())).collect();
        let read = abi::EnabledErc7739Content::decode_return(&contents.abi_encode()).unwrap();
        prop_assert_eq!(read.len(), contents.len());
        for (read, (domain, names)) in read.iter().zip(&contents) {
            prop_assert_eq!(read.app_domain_separator, *domain);
            prop_assert_eq!(read.content_names.iter().map(|name| name.0).collect::<Vec<_>>(), names.clone());
        }
    }

    #[test]
    fn enable_payloads(enable in enable_session(), signature in bytes()) {
        let expected = (sol_interface::enable_session(&enable), signature.clone()).abi_encode_params();
        prop_assert_eq!(enable_payload(&enable, &signature), expected);
    }

    #[test]
    fn errors_and_events(a: B256, b: B256, account: Address, number: U256, chain: u64, byte: u8) {
        macro_rules! same {
            ($ours:expr, $theirs:expr) => {{
                let ours = ModuleError::from($ours);
                let data = $theirs.abi_encode();
                assert_eq!(ours.revert_data(), Bytes::from(data.clone()));
                assert_eq!(ModuleError::decode(&data), Ok(ours));
            }};
        }
        use ISmartSession as I;
        same!(abi::HashMismatch { provided: a, computed: b }, I::HashMismatch { provided: a, computed: b });
        same!(abi::PolicyViolation { permission_id: PermissionId(a), policy: account }, I::PolicyViolation { permissionId: a, policy: account });
        same!(abi::ChainIdMismatch { provided_chain_id: chain }, I::ChainIdMismatch { providedChainId: chain });
        same!(abi::UnsupportedCallType { call_type: FixedBytes([byte]) }, I::UnsupportedCallType { callType: FixedBytes([byte]) });
        same!(abi::InvalidEnableSignature { account, hash: a }, I::InvalidEnableSignature { account, hash: a });
        same!(abi::AssociatedArrayOutOfBounds { index: number }, I::AssociatedArray_OutOfBounds { index: number });

        let ours = ModuleEvent::from(abi::PolicyEnabled { permission_id: PermissionId(a), policy_type: byte, policy: account, account });
        let theirs = I::PolicyEnabled { permissionId: a, policyType: byte, policy: account, smartAccount: account };
        let (topic, data) = ours.to_log();
        prop_assert_eq!((topic, &data[..]), (I::PolicyEnabled::SIGNATURE_HASH, &theirs.encode_data()[..]));
        prop_assert_eq!(ModuleEvent::decode(&[topic], &data), Ok(ours));
    }
}
