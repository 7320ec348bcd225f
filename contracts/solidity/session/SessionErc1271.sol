// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {Erc7739} from "../Erc7739.sol";
import {IERC1271Policy} from "../Interfaces.sol";
import {Ids} from "./Ids.sol";
import {SessionValidation} from "./SessionValidation.sol";
import {WordSet, WordSets} from "./WordSet.sol";

/// Lets a session key sign typed data of applications for the account.
abstract contract SessionErc1271 is SessionValidation {
    using WordSets for WordSet;

    bytes4 private constant ERC1271_INVALID = 0xffffffff;

    bytes32 private constant ERC6492_SUFFIX = 0x6492649264926492649264926492649264926492649264926492649264926492;

    /// `permission id ++ ERC-7739 typed data signature`, bare or in an ERC-6492 wrapper.
    function isValidSignatureWithSender(address sender, bytes32 hash, bytes calldata signature)
        external
        view
        returns (bytes4)
    {
        // Else a session could sign for the enabling of further sessions.
        if (sender == address(this)) return ERC1271_INVALID;
        if (signature.length == 0 && hash == Erc7739.DETECTION_HASH) return Erc7739.SUPPORTED;
        signature = _unwrap(signature);
        if (signature.length < 32) return ERC1271_INVALID;
        bytes32 permissionId = bytes32(signature[0:32]);
        return _isAllowed(permissionId, sender, hash, signature[32:]) ? ERC1271_VALID : ERC1271_INVALID;
    }

    function _isAllowed(bytes32 permissionId, address sender, bytes32 hash, bytes calldata packed)
        private
        view
        returns (bool)
    {
        (bool ok, Erc7739.TypedDataSignature memory parsed) = Erc7739.parse(packed);
        if (!ok || !Erc7739.isAbout(parsed, hash)) return false;
        // A permission that is not enabled has no contents.
        Permission storage permission = _permission(msg.sender, permissionId);
        bytes32 content = Ids.content(parsed.contentsDescription);
        if (!permission.contents[parsed.appDomainSeparator].contains(content)) return false;
        if (!_checkERC1271(permissionId, sender, hash, packed)) return false;
        bytes32 signed;
        (ok, signed) = Erc7739.typedDataSign(msg.sender, parsed);
        return ok && _isSignedBySession(permissionId, signed, parsed.signature);
    }

    function _checkERC1271(bytes32 permissionId, address sender, bytes32 hash, bytes calldata packed)
        private
        view
        returns (bool)
    {
        address[] memory policies = _permission(msg.sender, permissionId).erc1271Policies.addresses();
        if (policies.length == 0) revert NoPoliciesSet(permissionId);
        bytes32 configId = Ids.erc1271Config(msg.sender, permissionId);
        for (uint256 i; i < policies.length; ++i) {
            if (!IERC1271Policy(policies[i]).check1271SignedAction(configId, sender, msg.sender, hash, packed)) {
                return false;
            }
        }
        return true;
    }

    /// `abi.encode(factory, factory data, signature) ++ suffix`, as made for accounts that may not be deployed yet.
    function _unwrap(bytes calldata signature) private pure returns (bytes calldata) {
        uint256 length = signature.length;
        if (length < 128 || bytes32(signature[length - 32:]) != ERC6492_SUFFIX) return signature;
        uint256 offset = uint256(bytes32(signature[64:96]));
        require(offset < length);
        uint256 innerLength = uint256(bytes32(signature[offset:offset + 32]));
        require(innerLength < length);
        return signature[offset + 32:offset + 32 + innerLength];
    }
}
