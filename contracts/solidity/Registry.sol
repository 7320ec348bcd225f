// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

/// An ERC-7484 registry that attests everything: a local chain has no attesters to ask.
contract Registry {
    /// What a fresh account is said to trust, so that clients which require some attester find one.
    address internal constant DEFAULT_ATTESTER = 0x000000333034E9f539ce08819E12c1b8Cb29084d;

    mapping(address account => address[]) private _trusted;

    event NewTrustedAttesters(address indexed account);

    function trustAttesters(uint8, address[] calldata attesters) external {
        _trusted[msg.sender] = attesters;
        emit NewTrustedAttesters(msg.sender);
    }

    function findTrustedAttesters(address account) external view returns (address[] memory attesters) {
        attesters = _trusted[account];
        if (attesters.length == 0) {
            attesters = new address[](1);
            attesters[0] = DEFAULT_ATTESTER;
        }
    }

    function check(address module) external view {}
    function check(address module, uint256 moduleType) external view {}
    function check(address module, address[] calldata attesters, uint256 threshold) external view {}
    function check(address module, uint256 moduleType, address[] calldata attesters, uint256 threshold) external view {}
    function checkForAccount(address account, address module) external view {}
    function checkForAccount(address account, address module, uint256 moduleType) external view {}
}
