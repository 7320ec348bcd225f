// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

/// Something to call: one number for each caller, with functions of the shapes that rules speak about.
contract Counter {
    mapping(address caller => uint256) public numbers;

    event NumberChanged(address indexed caller, uint256 number);

    error Refused(uint256 number);

    function getNumber() external view returns (uint256) {
        return numbers[msg.sender];
    }

    function incrementNumber() external {
        _set(numbers[msg.sender] + 1);
    }

    function decrementNumber() external {
        _set(numbers[msg.sender] - 1);
    }

    function setNumber(uint256 number) external {
        _set(number);
    }

    /// Two arguments of different types before the one that matters.
    function addFor(address beneficiary, uint256 amount, bytes32 note) external returns (bytes32) {
        numbers[beneficiary] += amount;
        emit NumberChanged(beneficiary, numbers[beneficiary]);
        return note;
    }

    /// Counts the value it is given, in wei.
    function deposit() external payable {
        _set(numbers[msg.sender] + msg.value);
    }

    /// Always reverts: an operation that passes validation and fails in execution.
    function refuse() external view {
        revert Refused(numbers[msg.sender]);
    }

    receive() external payable {}

    function _set(uint256 number) private {
        numbers[msg.sender] = number;
        emit NumberChanged(msg.sender, number);
    }
}
