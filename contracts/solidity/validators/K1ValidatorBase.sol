// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

import {Ecdsa} from "../Ecdsa.sol";
import {Erc7739} from "../Erc7739.sol";
import {IModule, IStatelessValidator, PackedUserOperation} from "../Interfaces.sol";

/// One secp256k1 key owns the account.
///
/// ERC-1271 questions are nested by ERC-7739, unless they come from the account itself, from a known multicaller or
/// from a sender that the account has called safe.
abstract contract K1ValidatorBase is IModule, IStatelessValidator {
    address private constant MULTICALLER_WITH_SIGNER = 0x000000000000D9ECebf3C23529de49815Dac1c4c;

    uint256 internal constant SIG_VALIDATION_FAILED = 1;
    bytes4 private constant ERC1271_VALID = 0x1626ba7e;
    bytes4 private constant ERC1271_INVALID = 0xffffffff;

    uint256 private constant VALIDATOR = 1;
    uint256 private constant STATELESS_VALIDATOR = 7;

    mapping(address account => address) public smartAccountOwners;
    mapping(address account => address[]) private _safeSenders;

    error NoOwnerProvided();
    error ZeroAddressNotAllowed();
    error ModuleAlreadyInitialized();

    /// The ERC-4337 validation data of an operation that the owner is said to have signed.
    function _validateOperation(address owner, bytes32 userOpHash, bytes calldata signature)
        internal
        view
        virtual
        returns (uint256);

    /// Whether the owner signed a hash that is not an operation of the account itself.
    function _isSigned(address owner, bytes32 hash, bytes calldata signature) internal pure virtual returns (bool);

    function onInstall(bytes calldata data) external {
        if (data.length < 20) revert NoOwnerProvided();
        if (isInitialized(msg.sender)) revert ModuleAlreadyInitialized();
        _install(data);
    }

    function onUninstall(bytes calldata) external {
        delete smartAccountOwners[msg.sender];
        delete _safeSenders[msg.sender];
    }

    function transferOwnership(address newOwner) external {
        _setOwner(newOwner);
    }

    function addSafeSender(address sender) external {
        _addSafeSender(sender);
    }

    function removeSafeSender(address sender) external {
        address[] storage senders = _safeSenders[msg.sender];
        for (uint256 i; i < senders.length; ++i) {
            if (senders[i] != sender) continue;
            senders[i] = senders[senders.length - 1];
            senders.pop();
            return;
        }
    }

    function isSafeSender(address sender, address account) public view returns (bool) {
        address[] storage senders = _safeSenders[account];
        for (uint256 i; i < senders.length; ++i) {
            if (senders[i] == sender) return true;
        }
        return false;
    }

    function getOwner(address account) external view returns (address) {
        return smartAccountOwners[account];
    }

    function isInitialized(address account) public view returns (bool) {
        return smartAccountOwners[account] != address(0);
    }

    function isModuleType(uint256 typeId) external pure returns (bool) {
        return typeId == VALIDATOR || typeId == STATELESS_VALIDATOR;
    }

    function validateUserOp(PackedUserOperation calldata op, bytes32 userOpHash) external view returns (uint256) {
        return _validateOperation(smartAccountOwners[op.sender], userOpHash, op.signature);
    }

    /// As a session's validator: the data is the key's address, 20 bytes.
    function validateSignatureWithData(bytes32 hash, bytes calldata signature, bytes calldata data)
        external
        pure
        returns (bool)
    {
        return _isSigned(_ownerIn(data), hash, signature);
    }

    function isValidSignatureWithSender(address sender, bytes32 hash, bytes calldata signature)
        external
        view
        returns (bytes4)
    {
        if (signature.length == 0 && hash == Erc7739.DETECTION_HASH) return Erc7739.SUPPORTED;
        address owner = smartAccountOwners[msg.sender];
        bool safe = sender == msg.sender || sender == MULTICALLER_WITH_SIGNER || isSafeSender(sender, msg.sender);
        bool valid = (safe && _isSigned(owner, hash, signature)) || _isSignedNested(owner, hash, signature);
        return valid ? ERC1271_VALID : ERC1271_INVALID;
    }

    /// Typed data of an application where the signature speaks of one, else a personal message.
    function _isSignedNested(address owner, bytes32 hash, bytes calldata signature) private view returns (bool) {
        (bool ok, Erc7739.TypedDataSignature memory parsed) = Erc7739.parse(signature);
        if (!ok || !Erc7739.isAbout(parsed, hash)) {
            return Ecdsa.isSignedBy(owner, Erc7739.personalSign(msg.sender, hash), signature);
        }
        bytes32 signed;
        (ok, signed) = Erc7739.typedDataSign(msg.sender, parsed);
        return ok && Ecdsa.isSignedBy(owner, signed, parsed.signature);
    }

    /// `owner (20) ++ safe sender (20) ++ ...`
    function _install(bytes calldata data) internal virtual {
        _setOwner(address(bytes20(data[0:20])));
        for (uint256 i = 20; i + 20 <= data.length; i += 20) _addSafeSender(address(bytes20(data[i:i + 20])));
    }

    /// The key in a session's data.
    function _ownerIn(bytes calldata data) internal pure virtual returns (address) {
        require(data.length == 20);
        return address(bytes20(data));
    }

    function _setOwner(address owner) internal {
        if (owner == address(0)) revert ZeroAddressNotAllowed();
        smartAccountOwners[msg.sender] = owner;
    }

    function _addSafeSender(address sender) internal {
        if (!isSafeSender(sender, msg.sender)) _safeSenders[msg.sender].push(sender);
    }
}
