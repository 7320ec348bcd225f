// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

/// An account without keys, for tests that are not about the owner's signature: it accepts what begins with 01.
contract StandInAccount {
    string private _name;
    string private _version;
    bytes32 private _salt;

    function setDomain(string calldata name, string calldata version, bytes32 salt) external {
        (_name, _version, _salt) = (name, version, salt);
    }

    function isValidSignature(bytes32, bytes calldata signature) external pure returns (bytes4) {
        return signature.length > 0 && signature[0] == 0x01 ? bytes4(0x1626ba7e) : bytes4(0xffffffff);
    }

    function eip712Domain()
        external
        view
        returns (bytes1, string memory, string memory, uint256, address, bytes32, uint256[] memory)
    {
        return (0x0f, _name, _version, block.chainid, address(this), _salt, new uint256[](0));
    }
}
