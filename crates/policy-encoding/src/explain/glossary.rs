use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use alloy_primitives::{Address, ChainId, Selector};

use crate::{CallShape, ParamKind, Parameter, PathError, ShapeError};

/// What a token is called and how its amounts are written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Token {
    /// Its symbol, such as `USDC`.
    pub symbol: String,
    /// How many decimals its amounts have.
    pub decimals: u8,
}

impl Token {
    /// A token.
    #[must_use]
    pub fn new(symbol: impl Into<String>, decimals: u8) -> Self {
        Self { symbol: printable(symbol), decimals }
    }
}

/// Names for addresses, functions, tokens and chains.
///
/// An explanation is complete without any: names only make it easier to read, and an address always stands beside its
/// name. Give it only what you trust.
///
/// ```
/// use alloy_primitives::address;
/// use policy_encoding::explain::{Glossary, Token};
///
/// let usdc = address!("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
/// let glossary = Glossary::new().token(usdc, Token::new("USDC", 6)).name(usdc, "USD Coin");
/// # let _ = glossary;
/// ```
#[derive(Clone, Debug, Default)]
pub struct Glossary {
    tokens: Vec<(Address, Token)>,
    names: Vec<(Address, String)>,
    functions: Vec<(Option<Address>, Selector, CallShape)>,
    amounts: Vec<(Address, Selector, u64, Token)>,
    chains: Vec<(ChainId, String)>,
    native: Option<Token>,
}

impl Glossary {
    /// Without any names but the built-in ones: functions of ERC-20 and ERC-721 and some chains.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Data of a token.
    #[must_use]
    pub fn token(mut self, address: Address, token: Token) -> Self {
        self.tokens.push((address, token));
        self
    }

    /// The name of a contract or a person.
    #[must_use]
    pub fn name(mut self, address: Address, name: impl Into<String>) -> Self {
        self.names.push((address, printable(name)));
        self
    }

    /// A function by its signature with names: `swap(address tokenIn, uint256 amountIn)`.
    ///
    /// # Errors
    /// When the text is not a signature.
    pub fn function(mut self, signature: &str) -> Result<Self, ShapeError> {
        let shape: CallShape = signature.parse()?;
        self.functions.push((None, shape.selector(), shape));
        Ok(self)
    }

    /// A function of one contract.
    #[must_use]
    pub fn function_of(mut self, contract: Address, shape: CallShape) -> Self {
        self.functions.push((Some(contract), shape.selector(), shape));
        self
    }

    /// States that a parameter of a contract's function counts units of a token.
    ///
    /// # Errors
    /// When the function has no such parameter.
    pub fn amount(mut self, contract: Address, shape: &CallShape, path: &str, token: Token) -> Result<Self, PathError> {
        self.amounts.push((contract, shape.selector(), shape.locate(path)?.offset(), token));
        Ok(self)
    }

    /// The name of a chain.
    #[must_use]
    pub fn chain(mut self, chain_id: ChainId, name: impl Into<String>) -> Self {
        self.chains.push((chain_id, printable(name)));
        self
    }

    /// The native currency; ETH with 18 decimals by default.
    #[must_use]
    pub fn native(mut self, token: Token) -> Self {
        self.native = Some(token);
        self
    }

    pub(crate) fn token_at(&self, address: Address) -> Option<&Token> {
        self.tokens.iter().find(|(known, _)| *known == address).map(|(_, token)| token)
    }

    pub(crate) fn name_of(&self, address: Address) -> Option<&str> {
        let names = || self.names.iter().find(|(known, _)| *known == address).map(|(_, name)| name.as_str());
        names().or_else(|| self.token_at(address).map(|token| token.symbol.as_str()))
    }

    pub(crate) fn function_at(&self, contract: Address, selector: Selector) -> Option<CallShape> {
        let given = |owner: Option<Address>| {
            self.functions.iter().find(|(of, of_selector, _)| *of == owner && *of_selector == selector)
        };
        if let Some((_, _, shape)) = given(Some(contract)).or_else(|| given(None)) {
            return Some(shape.clone());
        }
        BUILT_IN.iter().find(|(known, ..)| *known == selector.0).and_then(built_in)
    }

    /// The token whose units the word at `offset` counts.
    pub(crate) fn amount_at(&self, contract: Address, selector: Selector, offset: u64) -> Option<&Token> {
        let given = self
            .amounts
            .iter()
            .find(|(of, of_selector, at, _)| (*of, *of_selector, *at) == (contract, selector, offset));
        if let Some((.., token)) = given {
            return Some(token);
        }
        let counts = AMOUNTS.iter().any(|(known, at)| *known == selector.0 && *at == offset);
        if counts { self.token_at(contract) } else { None }
    }

    pub(crate) fn chain_name(&self, chain_id: ChainId) -> String {
        let given = self.chains.iter().find(|(known, _)| *known == chain_id).map(|(_, name)| name.as_str());
        let built_in = || CHAINS.iter().find(|(known, _)| *known == chain_id).map(|(_, name)| *name);
        match given.or_else(built_in) {
            Some(name) => alloc::format!("{name} (chain {chain_id})"),
            None => alloc::format!("chain {chain_id}"),
        }
    }

    pub(crate) fn native_token(&self) -> Token {
        self.native.clone().unwrap_or_else(|| Token { symbol: "ETH".to_string(), decimals: 18 })
    }
}

/// Names may come from anywhere: what could break a line or turn the writing direction is left out.
fn printable(text: impl Into<String>) -> String {
    let invisible = |character: char| {
        character.is_control()
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.into().chars().filter(|character| !invisible(*character)).collect()
}

/// A function that everybody knows: as a table, so that a device needs no parser of signatures for it.
type BuiltIn = ([u8; 4], &'static str, &'static [(Plain, &'static str)]);

/// The types that these functions take.
#[derive(Clone, Copy)]
enum Plain {
    Address,
    Bool,
    Bytes,
    Uint,
}

fn built_in(entry: &BuiltIn) -> Option<CallShape> {
    let (_, name, parameters) = entry;
    let parameters = parameters.iter().map(|(kind, name)| {
        let kind = match kind {
            Plain::Address => ParamKind::Address,
            Plain::Bool => ParamKind::Bool,
            Plain::Bytes => ParamKind::Bytes,
            Plain::Uint => ParamKind::Uint(256),
        };
        Parameter::new(*name, kind)
    });
    CallShape::new(*name, parameters.collect()).ok()
}

/// Functions that everybody knows.
const BUILT_IN: &[BuiltIn] = &[
    ([0xa9, 0x05, 0x9c, 0xbb], "transfer", &[(Plain::Address, "to"), (Plain::Uint, "amount")]),
    (
        [0x23, 0xb8, 0x72, 0xdd],
        "transferFrom",
        &[(Plain::Address, "from"), (Plain::Address, "to"), (Plain::Uint, "amount")],
    ),
    ([0x09, 0x5e, 0xa7, 0xb3], "approve", &[(Plain::Address, "spender"), (Plain::Uint, "amount")]),
    ([0x39, 0x50, 0x93, 0x51], "increaseAllowance", &[(Plain::Address, "spender"), (Plain::Uint, "addedAmount")]),
    (
        [0x42, 0x84, 0x2e, 0x0e],
        "safeTransferFrom",
        &[(Plain::Address, "from"), (Plain::Address, "to"), (Plain::Uint, "tokenId")],
    ),
    ([0xa2, 0x2c, 0xb4, 0x65], "setApprovalForAll", &[(Plain::Address, "operator"), (Plain::Bool, "approved")]),
    (
        [0x95, 0x17, 0xe2, 0x9f],
        "installModule",
        &[(Plain::Uint, "moduleType"), (Plain::Address, "module"), (Plain::Bytes, "initData")],
    ),
    ([0xd0, 0xe3, 0x0d, 0xb0], "deposit", &[]),
    ([0x2e, 0x1a, 0x7d, 0x4d], "withdraw", &[(Plain::Uint, "amount")]),
];

/// Where these functions state an amount of the token that they are called on.
const AMOUNTS: &[([u8; 4], u64)] = &[
    ([0xa9, 0x05, 0x9c, 0xbb], 32),
    ([0x23, 0xb8, 0x72, 0xdd], 64),
    ([0x09, 0x5e, 0xa7, 0xb3], 32),
    ([0x39, 0x50, 0x93, 0x51], 32),
    ([0x2e, 0x1a, 0x7d, 0x4d], 0),
];

/// Chains that everybody knows.
const CHAINS: &[(ChainId, &str)] = &[
    (1, "Ethereum"),
    (10, "Optimism"),
    (56, "BNB Smart Chain"),
    (100, "Gnosis"),
    (130, "Unichain"),
    (137, "Polygon"),
    (480, "World Chain"),
    (8453, "Base"),
    (42161, "Arbitrum One"),
    (43114, "Avalanche"),
    (59144, "Linea"),
    (81457, "Blast"),
    (534_352, "Scroll"),
    (31337, "a local test chain"),
    (84532, "the Base Sepolia test chain"),
    (11_155_111, "the Sepolia test chain"),
    (11_155_420, "the Optimism Sepolia test chain"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_functions_have_their_selectors() {
        for entry in BUILT_IN {
            assert_eq!(built_in(entry).unwrap().selector().0, entry.0, "{}", entry.1);
        }
    }

    #[test]
    fn names_cannot_break_out_of_their_line() {
        assert_eq!(Token::new("US\nDC\u{202e}", 6).symbol, "USDC");
    }
}
