// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {Ecdsa} from "../Ecdsa.sol";
import {IModule, IStatelessValidator, PackedUserOperation} from "../Interfaces.sol";

/// Some of a list of owners must sign.
///
/// As a session's validator it is told the owners with each question; as an account's validator it keeps them. Both
/// read `abi.encode(uint256 threshold, address[] owners)` with the owners in strictly ascending order. A signature is
/// `threshold` signatures of 65 bytes one after the other, in any order; what follows them is ignored.
abstract contract OwnableValidatorBase is IModule, IStatelessValidator {
    struct Owners {
        uint256 threshold;
        address[] owners;
    }

    uint256 private constant SIG_VALIDATION_FAILED = 1;
    bytes4 private constant ERC1271_VALID = 0x1626ba7e;
    bytes4 private constant ERC1271_INVALID = 0xffffffff;

    uint256 private constant VALIDATOR = 1;
    uint256 private constant STATELESS_VALIDATOR = 7;

    mapping(address account => Owners) private _owners;

    error InvalidSignature();
    error InvalidOwners();
    error ModuleAlreadyInitialized(address account);

    /// Who signed a session's operation or an ERC-1271 question, by the rules of the generation.
    function _signer(bytes32 hash, uint8 v, bytes32 r, bytes32 s) internal pure virtual returns (address);

    function onInstall(bytes calldata data) external {
        if (isInitialized(msg.sender)) revert ModuleAlreadyInitialized(msg.sender);
        (uint256 threshold_, address[] memory owners) = abi.decode(data, (uint256, address[]));
        if (threshold_ == 0 || threshold_ > owners.length || !_areOwners(owners)) revert InvalidOwners();
        _owners[msg.sender] = Owners(threshold_, owners);
    }

    function onUninstall(bytes calldata) external {
        delete _owners[msg.sender];
    }

    function isInitialized(address account) public view returns (bool) {
        return _owners[account].threshold != 0;
    }

    function isModuleType(uint256 typeId) external pure returns (bool) {
        return typeId == VALIDATOR || typeId == STATELESS_VALIDATOR;
    }

    function getOwners(address account) external view returns (address[] memory) {
        return _owners[account].owners;
    }

    function threshold(address account) external view returns (uint256) {
        return _owners[account].threshold;
    }

    /// The owners of an account sign the personal message of an operation's hash, in both generations.
    function validateUserOp(PackedUserOperation calldata op, bytes32 userOpHash) external view returns (uint256) {
        Owners memory owners = _owners[msg.sender];
        bool signed = _isSigned(Ecdsa.personal(userOpHash), op.signature, owners, Ecdsa.recover);
        return signed ? 0 : SIG_VALIDATION_FAILED;
    }

    function isValidSignatureWithSender(address, bytes32 hash, bytes calldata signature)
        external
        view
        returns (bytes4)
    {
        return _isSigned(hash, signature, _owners[msg.sender], _signer) ? ERC1271_VALID : ERC1271_INVALID;
    }

    function validateSignatureWithData(bytes32 hash, bytes calldata signature, bytes calldata data)
        external
        pure
        returns (bool)
    {
        (uint256 threshold_, address[] memory owners) = abi.decode(data, (uint256, address[]));
        return _isSigned(hash, signature, Owners(threshold_, owners), _signer);
    }

    function _isSigned(
        bytes32 hash,
        bytes memory signatures,
        Owners memory owners,
        function(bytes32, uint8, bytes32, bytes32) pure returns (address) signerOf
    ) private pure returns (bool) {
        if (owners.threshold == 0 || !_areOwners(owners.owners)) return false;
        if (signatures.length / Ecdsa.LENGTH < owners.threshold) revert InvalidSignature();
        bool[] memory counted = new bool[](owners.owners.length);
        for (uint256 i; i < owners.threshold; ++i) {
            (uint8 v, bytes32 r, bytes32 s) = Ecdsa.split(signatures, i);
            (bool found, uint256 index) = _find(owners.owners, signerOf(hash, v, r, s));
            if (!found || counted[index]) return false;
            counted[index] = true;
        }
        return true;
    }

    /// Strictly ascending from above zero, so that nobody is in the list twice.
    function _areOwners(address[] memory owners) private pure returns (bool) {
        address previous;
        for (uint256 i; i < owners.length; ++i) {
            if (owners[i] <= previous) return false;
            previous = owners[i];
        }
        return true;
    }

    function _find(address[] memory owners, address signer) private pure returns (bool, uint256) {
        for (uint256 i; i < owners.length; ++i) {
            if (owners[i] == signer) return (true, i);
        }
        return (false, 0);
    }
}
