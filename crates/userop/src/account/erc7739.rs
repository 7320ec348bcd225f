//! ERC-7739: signatures that say for which account they are, so that one key's signature for one of its accounts is
//! worth nothing for another. Owner validators of Nexus ask for them unless the caller is a safe sender.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloy_primitives::{B256, Bytes, U256, b256, keccak256};
use alloy_sol_types::{Eip712Domain, SolStruct};

use crate::hash::{Words, eip712_digest};

/// `keccak256("PersonalSign(bytes prefixed)")`.
const PERSONAL_SIGN_TYPE_HASH: B256 = b256!("0x983e65e5148e570cd828ead231ee759a8d7958721a768f93bc4483ba005c32de");

/// The hash that asks an account whether it nests (an empty signature goes with it).
pub const DETECTION_HASH: B256 = b256!("0x7739773977397739773977397739773977397739773977397739773977397739");

/// Whether an answer to [`DETECTION_HASH`] says that the account nests: `0x77390001`.
#[must_use]
pub fn is_detected(answer: &[u8]) -> bool {
    answer.starts_with(&[0x77, 0x39, 0x00, 0x01])
}

/// What a key signs for a personal message: `hash` is the message's EIP-191 hash.
#[doc(alias = "encode1271Hash")]
#[doc(alias = "signMessage")]
#[must_use]
pub fn personal_sign_hash(account: &Eip712Domain, hash: B256) -> B256 {
    let mut words = Words::<2>::new();
    words.push(PERSONAL_SIGN_TYPE_HASH);
    words.push(hash);
    eip712_digest(account.separator(), words.hash())
}

/// An application's typed data, as a nested signature names it.
#[doc(alias = "signTypedData")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypedDataSign {
    /// The application's EIP-712 domain separator.
    pub app_domain_separator: B256,
    /// The struct hash of the contents.
    pub contents_hash: B256,
    /// The contents' type.
    pub contents: ContentsType,
}

impl TypedDataSign {
    /// Typed data of a type that alloy knows.
    #[must_use]
    pub fn new<T: SolStruct>(app: &Eip712Domain, contents: &T) -> Self {
        Self {
            app_domain_separator: app.separator(),
            contents_hash: contents.eip712_hash_struct(),
            contents: ContentsType::of::<T>(),
        }
    }

    /// The hash that the application computes and gives to `isValidSignature`.
    #[must_use]
    pub fn app_hash(&self) -> B256 {
        eip712_digest(self.app_domain_separator, self.contents_hash)
    }

    /// What the account's key signs.
    #[must_use]
    pub fn hash(&self, account: &Eip712Domain) -> B256 {
        let text = |text: &Option<alloc::borrow::Cow<'static, str>>| {
            keccak256(text.as_ref().map_or(&[][..], |text| text.as_bytes()))
        };
        let mut words = Words::<8>::new();
        words.push(self.contents.type_hash());
        words.push(self.contents_hash);
        words.push(text(&account.name));
        words.push(text(&account.version));
        words.number(account.chain_id.unwrap_or(U256::ZERO));
        words.address(account.verifying_contract.unwrap_or_default());
        words.push(account.salt.unwrap_or_default());
        eip712_digest(self.app_domain_separator, words.hash())
    }

    /// The validator's signature:
    /// `signature ++ appDomainSeparator(32) ++ contentsHash(32) ++ contentsDescription ++ length(2)`.
    ///
    /// # Errors
    /// When the description is longer than its two-byte length can say.
    pub fn wrap(&self, signature: &[u8]) -> Result<Bytes, ContentsError> {
        let description = self.contents.description();
        let length =
            u16::try_from(description.len()).map_err(|_| ContentsError::TooLong { length: description.len() })?;
        Ok([
            signature,
            self.app_domain_separator.as_slice(),
            self.contents_hash.as_slice(),
            description.as_bytes(),
            &length.to_be_bytes(),
        ]
        .concat()
        .into())
    }
}

/// The EIP-712 type of an application's typed data.
///
/// A lone struct is described by its type (`Mail(address to,string body)`, implicit form). With any other struct in it
/// the description is explicit: every struct in alphabetical order and then the primary name, which is the order that
/// the account hashes them in. (viem always writes the implicit form; accounts refuse it whenever a referenced struct
/// sorts before the primary one.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentsType {
    primary: String,
    /// Every struct, in alphabetical order.
    structs: Vec<String>,
}

/// Why a text is no type of contents.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContentsError {
    /// Not a sequence of `Name(members)`.
    #[error("expected an EIP-712 type, saw {text:?}")]
    Syntax {
        /// The text from where it is wrong.
        text: String,
    },
    /// A name that ERC-7739 forbids, as it could hide another meaning.
    #[error("a type of contents cannot be called {name:?}")]
    Name {
        /// The name.
        name: String,
    },
    /// The same struct twice.
    #[error("struct {name} is there twice")]
    Twice {
        /// The name.
        name: String,
    },
    /// A description that does not fit its two-byte length.
    #[error("a contents description of {length} bytes does not fit a two-byte length")]
    TooLong {
        /// Its length.
        length: usize,
    },
}

impl ContentsType {
    /// Reads an EIP-712 type as `encodeType` writes it: the primary struct first, then the referenced ones.
    ///
    /// # Errors
    /// When the text is no such type, or the primary name is one that ERC-7739 forbids.
    pub fn parse(encoded: &str) -> Result<Self, ContentsError> {
        let mut structs: Vec<String> = Vec::new();
        let mut rest = encoded;
        while !rest.is_empty() {
            let syntax = || ContentsError::Syntax { text: rest.to_string() };
            let end = rest.find(')').ok_or_else(syntax)? + 1;
            let (one, after) = rest.split_at(end);
            let open = one.find('(').ok_or_else(syntax)?;
            let valid_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | ':');
            if open == 0 || !one[..open].chars().all(valid_name) || one[open + 1..].contains('(') {
                return Err(syntax());
            }
            structs.push(one.to_string());
            rest = after;
        }
        let primary = structs
            .first()
            .map(|first| name_of(first).to_string())
            .ok_or_else(|| ContentsError::Syntax { text: String::new() })?;
        // ERC-7739: a lower-case first letter could make the contents look like a built-in type.
        if primary.starts_with(|c: char| c.is_ascii_lowercase()) {
            return Err(ContentsError::Name { name: primary });
        }
        structs.sort_unstable_by(|a, b| name_of(a).cmp(name_of(b)));
        if let Some(twice) = structs.windows(2).find(|pair| name_of(&pair[0]) == name_of(&pair[1])) {
            return Err(ContentsError::Twice { name: name_of(&twice[0]).to_string() });
        }
        Ok(Self { primary, structs })
    }

    /// The type of an alloy struct.
    #[must_use]
    pub fn of<T: SolStruct>() -> Self {
        let mut structs: Vec<String> = T::eip712_components().iter().map(|component| component.to_string()).collect();
        structs.push(T::eip712_root_type().to_string());
        structs.sort_unstable_by(|a, b| name_of(a).cmp(name_of(b)));
        structs.dedup();
        Self { primary: T::NAME.to_string(), structs }
    }

    /// The primary struct's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.primary
    }

    /// What a nested signature carries: implicit for a lone struct, explicit otherwise.
    #[must_use]
    pub fn description(&self) -> String {
        let mut text = self.structs.concat();
        if self.structs.len() > 1 {
            text.push_str(&self.primary);
        }
        text
    }

    /// The hash of the type that is signed:
    /// `TypedDataSign(<name> contents,string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)`
    /// followed by every struct in alphabetical order.
    #[must_use]
    pub fn type_hash(&self) -> B256 {
        let head = format!(
            "TypedDataSign({} contents,string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)",
            self.primary
        );
        keccak256([head, self.structs.concat()].concat())
    }
}

fn name_of(encoded: &str) -> &str {
    encoded.split('(').next().unwrap_or(encoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_sol_types::sol;

    sol! {
        struct Item { uint256 id; bytes data; }
        struct Order { address maker; Item[] items; string note; }
        struct Mail { address to; string body; }
        struct Zone { Order[] orders; Item first; }
        struct Atlas { Zone zone; Mail[] mails; }
    }

    #[test]
    fn lone_struct_is_implicit_and_others_explicit() {
        assert_eq!(ContentsType::of::<Mail>().description(), "Mail(address to,string body)");
        let order = ContentsType::of::<Order>();
        let text = "Item(uint256 id,bytes data)Order(address maker,Item[] items,string note)Order";
        assert_eq!(order.description(), text);
        let parsed = ContentsType::parse("Order(address maker,Item[] items,string note)Item(uint256 id,bytes data)");
        assert_eq!(parsed, Ok(order));
        let deep = ContentsType::of::<Atlas>();
        assert_eq!(ContentsType::parse(&Atlas::eip712_encode_type()), Ok(deep.clone()));
        let names: Vec<&str> = deep.structs.iter().map(|one| name_of(one)).collect();
        assert_eq!((deep.name(), names), ("Atlas", Vec::from(["Atlas", "Item", "Mail", "Order", "Zone"])));
    }

    #[test]
    fn texts_that_are_no_contents_are_refused() {
        for text in ["", "Mail", "(a)", "Mail(address to", "Ma il(uint256 a)", "A((uint256 a)", "A(uint256 a)B"] {
            assert!(matches!(ContentsType::parse(text), Err(ContentsError::Syntax { .. })), "{text}");
        }
        assert_eq!(ContentsType::parse("mail(uint256 a)"), Err(ContentsError::Name { name: "mail".to_string() }));
        assert_eq!(
            ContentsType::parse("A(B b)B(uint8 c)B(uint8 c)"),
            Err(ContentsError::Twice { name: "B".to_string() })
        );
    }

    #[test]
    fn personal_type_hash_is_that_of_its_text() {
        assert_eq!(PERSONAL_SIGN_TYPE_HASH, keccak256("PersonalSign(bytes prefixed)"));
    }
}
