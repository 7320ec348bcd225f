// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.28;

interface IEIP712Domain {
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        );
}

/// ERC-7739: a signature for an account names the account in what is signed, so that it is good for no other.
library Erc7739 {
    /// The hash that asks whether the account supports ERC-7739, and the answer.
    bytes32 internal constant DETECTION_HASH = 0x7739773977397739773977397739773977397739773977397739773977397739;
    bytes4 internal constant SUPPORTED = 0x77390001;

    bytes32 private constant PERSONAL_SIGN = keccak256("PersonalSign(bytes prefixed)");

    bytes32 private constant ACCOUNT_DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");

    /// A signature for typed data of an application.
    struct TypedDataSignature {
        /// The key's signature over what `typedDataSign` gives.
        bytes signature;
        bytes32 appDomainSeparator;
        /// The struct hash of the application's message.
        bytes32 contentsHash;
        /// The message's `encodeType`, followed by its name where its type does not come first.
        string contentsDescription;
    }

    /// Reads `signature ++ app domain separator ++ contents hash ++ description ++ length of the description (2)`.
    function parse(bytes calldata packed) internal pure returns (bool ok, TypedDataSignature memory parsed) {
        if (packed.length < 66) return (false, parsed);
        uint256 descriptionEnd = packed.length - 2;
        uint256 length = uint16(bytes2(packed[descriptionEnd:]));
        if (length == 0 || length + 64 > descriptionEnd) return (false, parsed);
        uint256 description = descriptionEnd - length;
        parsed.contentsDescription = string(packed[description:descriptionEnd]);
        parsed.contentsHash = bytes32(packed[description - 32:description]);
        parsed.appDomainSeparator = bytes32(packed[description - 64:description - 32]);
        parsed.signature = packed[:description - 64];
        return (true, parsed);
    }

    /// Whether the application asked about exactly these contents.
    function isAbout(TypedDataSignature memory parsed, bytes32 hash) internal pure returns (bool) {
        return hash == keccak256(abi.encodePacked(hex"1901", parsed.appDomainSeparator, parsed.contentsHash));
    }

    /// What the key signs for typed data.
    function typedDataSign(address account, TypedDataSignature memory parsed)
        internal
        view
        returns (bool ok, bytes32 hash)
    {
        (bytes memory contentsName, bytes memory contentsType) = _split(bytes(parsed.contentsDescription));
        if (!_isName(contentsName)) return (false, 0);
        bytes32 typeHash = keccak256(
            abi.encodePacked(
                "TypedDataSign(",
                contentsName,
                " contents,string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)",
                contentsType
            )
        );
        bytes32 structHash = keccak256(abi.encodePacked(typeHash, parsed.contentsHash, _domainFields(account)));
        return (true, keccak256(abi.encodePacked(hex"1901", parsed.appDomainSeparator, structHash)));
    }

    /// What the key signs for a text message; `hash` is the message's EIP-191 hash.
    function personalSign(address account, bytes32 hash) internal view returns (bytes32) {
        (, string memory name, string memory version, uint256 chainId, address verifyingContract,,) =
            IEIP712Domain(account).eip712Domain();
        bytes32 domain = keccak256(
            abi.encode(ACCOUNT_DOMAIN, keccak256(bytes(name)), keccak256(bytes(version)), chainId, verifyingContract)
        );
        bytes32 structHash = keccak256(abi.encode(PERSONAL_SIGN, hash));
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    function _domainFields(address account) private view returns (bytes memory) {
        (, string memory name, string memory version, uint256 chainId, address verifyingContract, bytes32 salt,) =
            IEIP712Domain(account).eip712Domain();
        return abi.encode(keccak256(bytes(name)), keccak256(bytes(version)), chainId, verifyingContract, salt);
    }

    /// `Name(...)...` has the name in front; in `Type(...)...Name` it follows the last bracket.
    function _split(bytes memory description) private pure returns (bytes memory name, bytes memory type_) {
        uint256 end = description.length;
        if (description[end - 1] == ")") {
            uint256 bracket;
            while (bracket < end && description[bracket] != "(") ++bracket;
            return (_slice(description, 0, bracket), description);
        }
        uint256 start = end;
        while (start > 0 && description[start - 1] != ")") --start;
        return (_slice(description, start, end), _slice(description, 0, start));
    }

    /// A struct's name: neither empty nor an elementary type, and nothing that could end it early.
    function _isName(bytes memory name) private pure returns (bool) {
        if (name.length == 0 || name[0] == "(" || (name[0] >= "a" && name[0] <= "z")) return false;
        for (uint256 i; i < name.length; ++i) {
            bytes1 c = name[i];
            if (c == " " || c == "," || c == "(" || c == ")" || c == 0) return false;
        }
        return true;
    }

    function _slice(bytes memory data, uint256 from, uint256 to) private pure returns (bytes memory part) {
        part = new bytes(to - from);
        for (uint256 i; i < part.length; ++i) part[i] = data[from + i];
    }
}
