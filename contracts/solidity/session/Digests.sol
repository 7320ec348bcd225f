// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {Ids} from "./Ids.sol";
import {ActionData, ChainDigest, ERC7739Context, ERC7739Data, PolicyData, Session, SmartSessionMode} from "./Types.sol";

/// EIP-712 hashes of what an owner signs to enable sessions on some chains.
library Digests {
    bytes32 private constant POLICY_DATA = keccak256("PolicyData(address policy,bytes initData)");

    bytes32 private constant ACTION_DATA = keccak256(
        "ActionData(bytes4 actionTargetSelector,address actionTarget,PolicyData[] actionPolicies)"
        "PolicyData(address policy,bytes initData)"
    );

    bytes32 private constant ERC7739_CONTEXT =
        keccak256("ERC7739Context(bytes32 appDomainSeparator,string[] contentName)");

    bytes32 private constant ERC7739_DATA = keccak256(
        "ERC7739Data(ERC7739Context[] allowedERC7739Content,PolicyData[] erc1271Policies)"
        "ERC7739Context(bytes32 appDomainSeparator,string[] contentName)PolicyData(address policy,bytes initData)"
    );

    bytes32 private constant SIGNED_PERMISSIONS = keccak256(
        "SignedPermissions(bool permitGenericPolicy,bool permitAdminAccess,bool ignoreSecurityAttestations,"
        "bool permitERC4337Paymaster,PolicyData[] userOpPolicies,ERC7739Data erc7739Policies,ActionData[] actions)"
        "ActionData(bytes4 actionTargetSelector,address actionTarget,PolicyData[] actionPolicies)"
        "ERC7739Context(bytes32 appDomainSeparator,string[] contentName)"
        "ERC7739Data(ERC7739Context[] allowedERC7739Content,PolicyData[] erc1271Policies)"
        "PolicyData(address policy,bytes initData)"
    );

    bytes32 private constant SIGNED_SESSION = keccak256(
        "SignedSession(address account,SignedPermissions permissions,address sessionValidator,"
        "bytes sessionValidatorInitData,bytes32 salt,address smartSession,uint256 nonce)"
        "ActionData(bytes4 actionTargetSelector,address actionTarget,PolicyData[] actionPolicies)"
        "ERC7739Context(bytes32 appDomainSeparator,string[] contentName)"
        "ERC7739Data(ERC7739Context[] allowedERC7739Content,PolicyData[] erc1271Policies)"
        "PolicyData(address policy,bytes initData)"
        "SignedPermissions(bool permitGenericPolicy,bool permitAdminAccess,bool ignoreSecurityAttestations,"
        "bool permitERC4337Paymaster,PolicyData[] userOpPolicies,ERC7739Data erc7739Policies,ActionData[] actions)"
    );

    bytes32 private constant CHAIN_SESSION = keccak256(
        "ChainSession(uint64 chainId,SignedSession session)"
        "ActionData(bytes4 actionTargetSelector,address actionTarget,PolicyData[] actionPolicies)"
        "ERC7739Context(bytes32 appDomainSeparator,string[] contentName)"
        "ERC7739Data(ERC7739Context[] allowedERC7739Content,PolicyData[] erc1271Policies)"
        "PolicyData(address policy,bytes initData)"
        "SignedPermissions(bool permitGenericPolicy,bool permitAdminAccess,bool ignoreSecurityAttestations,"
        "bool permitERC4337Paymaster,PolicyData[] userOpPolicies,ERC7739Data erc7739Policies,ActionData[] actions)"
        "SignedSession(address account,SignedPermissions permissions,address sessionValidator,"
        "bytes sessionValidatorInitData,bytes32 salt,address smartSession,uint256 nonce)"
    );

    bytes32 private constant MULTI_CHAIN_SESSION = keccak256(
        "MultiChainSession(ChainSession[] sessionsAndChainIds)"
        "ActionData(bytes4 actionTargetSelector,address actionTarget,PolicyData[] actionPolicies)"
        "ChainSession(uint64 chainId,SignedSession session)"
        "ERC7739Context(bytes32 appDomainSeparator,string[] contentName)"
        "ERC7739Data(ERC7739Context[] allowedERC7739Content,PolicyData[] erc1271Policies)"
        "PolicyData(address policy,bytes initData)"
        "SignedPermissions(bool permitGenericPolicy,bool permitAdminAccess,bool ignoreSecurityAttestations,"
        "bool permitERC4337Paymaster,PolicyData[] userOpPolicies,ERC7739Data erc7739Policies,ActionData[] actions)"
        "SignedSession(address account,SignedPermissions permissions,address sessionValidator,"
        "bytes sessionValidatorInitData,bytes32 salt,address smartSession,uint256 nonce)"
    );

    /// Without chain and contract: both are bound inside the message, so that one signature serves many chains.
    bytes32 private constant DOMAIN_SEPARATOR = keccak256(
        abi.encode(keccak256("EIP712Domain(string name,string version)"), keccak256("SmartSession"), keccak256("1"))
    );

    /// The struct hash of a session on this chain.
    function session(Session memory value, address account, SmartSessionMode mode, uint256 nonce)
        internal
        view
        returns (bytes32)
    {
        return keccak256(
            abi.encode(
                SIGNED_SESSION,
                account,
                _permissions(value, mode),
                value.sessionValidator,
                keccak256(value.sessionValidatorInitData),
                value.salt,
                address(this),
                nonce
            )
        );
    }

    /// What the owner signs.
    function multiChain(ChainDigest[] memory chains) internal pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](chains.length);
        for (uint256 i; i < chains.length; ++i) {
            hashes[i] = keccak256(abi.encode(CHAIN_SESSION, chains[i].chainId, chains[i].sessionDigest));
        }
        bytes32 structHash = keccak256(abi.encode(MULTI_CHAIN_SESSION, _array(hashes)));
        return keccak256(abi.encodePacked(hex"1901", DOMAIN_SEPARATOR, structHash));
    }

    function _permissions(Session memory value, SmartSessionMode mode) private pure returns (bytes32) {
        (bool permitGenericPolicy, bool permitAdminAccess) = _fallbacks(value.actions);
        return keccak256(
            abi.encode(
                SIGNED_PERMISSIONS,
                permitGenericPolicy,
                permitAdminAccess,
                mode == SmartSessionMode.UNSAFE_ENABLE,
                value.permitERC4337Paymaster,
                _policies(value.userOpPolicies),
                _erc7739(value.erc7739Policies),
                _actions(value.actions)
            )
        );
    }

    /// The flags are derived here, so that an owner who signs them knows of every fallback action.
    function _fallbacks(ActionData[] memory actions) private pure returns (bool generic, bool admin) {
        for (uint256 i; i < actions.length; ++i) {
            if (actions[i].actionTarget != Ids.FALLBACK_TARGET) continue;
            if (actions[i].actionTargetSelector == Ids.FALLBACK_SELECTOR) generic = true;
            if (actions[i].actionTargetSelector == Ids.ADMIN_FALLBACK_SELECTOR) admin = true;
        }
    }

    function _actions(ActionData[] memory actions) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](actions.length);
        for (uint256 i; i < actions.length; ++i) {
            ActionData memory action = actions[i];
            bytes32 policies = _policies(action.actionPolicies);
            hashes[i] =
                keccak256(abi.encode(ACTION_DATA, action.actionTargetSelector, action.actionTarget, policies));
        }
        return _array(hashes);
    }

    function _policies(PolicyData[] memory policies) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](policies.length);
        for (uint256 i; i < policies.length; ++i) {
            hashes[i] = keccak256(abi.encode(POLICY_DATA, policies[i].policy, keccak256(policies[i].initData)));
        }
        return _array(hashes);
    }

    function _erc7739(ERC7739Data memory data) private pure returns (bytes32) {
        ERC7739Context[] memory contexts = data.allowedERC7739Content;
        bytes32[] memory hashes = new bytes32[](contexts.length);
        for (uint256 i; i < contexts.length; ++i) {
            bytes32[] memory names = new bytes32[](contexts[i].contentNames.length);
            for (uint256 j; j < names.length; ++j) names[j] = keccak256(bytes(contexts[i].contentNames[j]));
            hashes[i] = keccak256(abi.encode(ERC7739_CONTEXT, contexts[i].appDomainSeparator, _array(names)));
        }
        return keccak256(abi.encode(ERC7739_DATA, _array(hashes), _policies(data.erc1271Policies)));
    }

    function _array(bytes32[] memory hashes) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(hashes));
    }
}
