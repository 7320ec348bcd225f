//! Biconomy's paymaster service: contexts, and fees in tokens.

use alloy_primitives::{Address, U256, address};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use userop::UserOperation;

use super::{PaymasterClient, PaymasterError};
use crate::BundlerError;
use crate::wire::{lenient, quantity};

/// The contract that takes fees in tokens.
pub const TOKEN_PAYMASTER: Address = address!("00000000301515A5410e0d768aF4f53c416edf19");

/// How long sponsored data holds, in seconds.
const SPONSORED_SECONDS: u32 = 300;
/// How long data for a fee in tokens holds, in seconds.
const TOKEN_SECONDS: u32 = 6000;

/// The context of a sponsored operation.
#[must_use]
pub fn sponsored_context() -> Value {
    json!({
        "mode": "SPONSORED",
        "expiryDuration": SPONSORED_SECONDS,
        "calculateGasLimits": true,
        "sponsorshipInfo": sponsorship_info(),
    })
}

/// The context of an operation whose gas is paid for in `fee_token`.
#[must_use]
pub fn token_context(fee_token: Address) -> Value {
    json!({
        "mode": "ERC20",
        "sponsorshipInfo": sponsorship_info(),
        "tokenInfo": { "feeTokenAddress": fee_token },
        "expiryDuration": TOKEN_SECONDS,
        "calculateGasLimits": true,
    })
}

fn sponsorship_info() -> Value {
    json!({ "smartAccountInfo": { "name": "BICONOMY", "version": "2.0.0" } })
}

/// What gas costs in several tokens (`pm_getFeeQuoteOrData`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FeeQuotes {
    /// `ERC20`.
    pub mode: String,
    /// The contract that takes the fee.
    pub paymaster_address: Address,
    /// One quote for each token it takes.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub fee_quotes: Vec<FeeQuote>,
    /// The tokens it does not take.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub unsupported_tokens: Vec<Value>,
}

/// What gas costs in one token. The service writes amounts as JSON floats: they are kept as the digits it wrote.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FeeQuote {
    /// The token's symbol.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub symbol: String,
    /// The token's decimals.
    #[serde(alias = "decimals")]
    pub decimal: u8,
    /// The token.
    pub token_address: Address,
    /// The most that gas can cost, in whole tokens.
    #[serde(deserialize_with = "digits")]
    pub max_gas_fee: String,
    /// The same in dollars.
    #[serde(default, rename = "maxGasFeeUSD", deserialize_with = "optional_digits")]
    pub max_gas_fee_usd: Option<String>,
    /// The rate of exchange.
    #[serde(default, deserialize_with = "optional_digits")]
    pub exchange_rate: Option<String>,
    /// What the service takes on top, in percent.
    #[serde(default, deserialize_with = "optional_digits")]
    pub premium_percentage: Option<String>,
    /// A picture of the token as a URI; empty for none.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub logo_url: String,
    /// When the quote ends, Unix milliseconds.
    #[serde(default, with = "quantity::optional")]
    pub valid_until: Option<u64>,
}

impl FeeQuote {
    /// The most that gas can cost in the token's smallest unit, rounded up: what an approval must cover.
    ///
    /// `None` when the service wrote no plain number.
    #[must_use]
    pub fn max_fee(&self) -> Option<U256> {
        to_units(&self.max_gas_fee, self.decimal)
    }
}

/// A decimal number of whole tokens in the smallest unit, rounded up; an exponent is understood.
fn to_units(digits: &str, decimals: u8) -> Option<U256> {
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (digits, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    if all.is_empty() || !all.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let shift = i32::from(decimals).checked_add(exponent)?.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    let number = U256::from_str_radix(&all, 10).ok()?;
    // More than 77 places either way is zero, one unit, or no amount at all.
    let power = U256::from(10).checked_pow(U256::from(shift.unsigned_abs()));
    if shift >= 0 {
        return number.checked_mul(power?);
    }
    Some(power.map_or_else(|| U256::from(u8::from(!number.is_zero())), |power| number.div_ceil(power)))
}

fn digits<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    optional_digits(from)?.ok_or_else(|| de::Error::custom("expected a number, saw null"))
}

/// The digits of a number as they were written, whether it came as text or as a number.
fn optional_digits<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let raw = Box::<RawValue>::deserialize(from)?;
    Ok(match raw.get().trim() {
        "null" => None,
        text if text.starts_with('"') => serde_json::from_str(text).map(Some).map_err(de::Error::custom)?,
        number => Some(number.to_owned()),
    })
}

/// The operation as the quote method takes it: numbers in decimal text.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Quoted<'a> {
    sender: Address,
    nonce: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    factory: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    factory_data: Option<&'a alloy_primitives::Bytes>,
    call_data: &'a alloy_primitives::Bytes,
    max_fee_per_gas: String,
    max_priority_fee_per_gas: String,
    verification_gas_limit: String,
    call_gas_limit: String,
    pre_verification_gas: String,
    paymaster_post_op_gas_limit: String,
    paymaster_verification_gas_limit: String,
}

impl PaymasterClient {
    /// `pm_getFeeQuoteOrData`: what the operation's gas would cost in each of `tokens`.
    ///
    /// # Errors
    /// When the service refuses, or does not answer.
    #[doc(alias = "pm_getFeeQuoteOrData")]
    #[doc(alias = "getTokenPaymasterQuotes")]
    pub async fn fee_quotes(&self, operation: &UserOperation, tokens: &[Address]) -> Result<FeeQuotes, BundlerError> {
        let paymaster = operation.paymaster.as_ref();
        let quoted = Quoted {
            sender: operation.sender,
            nonce: operation.nonce.to_string(),
            factory: operation.factory.as_ref().map(userop::Factory::address),
            factory_data: operation.factory.as_ref().map(userop::Factory::data),
            call_data: &operation.call_data,
            max_fee_per_gas: operation.max_fee_per_gas.to_string(),
            max_priority_fee_per_gas: operation.max_priority_fee_per_gas.to_string(),
            verification_gas_limit: operation.verification_gas_limit.to_string(),
            call_gas_limit: operation.call_gas_limit.to_string(),
            pre_verification_gas: operation.pre_verification_gas.to_string(),
            paymaster_post_op_gas_limit: paymaster.map_or(0, |p| p.post_op_gas_limit).to_string(),
            paymaster_verification_gas_limit: paymaster.map_or(0, |p| p.verification_gas_limit).to_string(),
        };
        let context = json!({
            "mode": "ERC20",
            "sponsorshipInfo": sponsorship_info(),
            "tokenInfo": { "tokenList": tokens },
            "expiryDuration": TOKEN_SECONDS,
            "calculateGasLimits": true,
        });
        self.endpoint().read("pm_getFeeQuoteOrData", &(quoted, context)).await
    }
}

impl FeeQuotes {
    /// The quote for a token, if it costs no more than `allowed` of the token's smallest unit.
    ///
    /// # Errors
    /// When the service does not take the token, wrote no plain number, or asks for more.
    pub fn within(&self, token: Address, allowed: U256) -> Result<&FeeQuote, PaymasterError> {
        let quote = self.fee_quotes.iter().find(|quote| quote.token_address == token);
        let quote = quote.ok_or(PaymasterError::UnsupportedToken { token })?;
        let asked = quote.max_fee().ok_or(PaymasterError::Missing { member: "maxGasFee" })?;
        if asked > allowed { Err(PaymasterError::TooExpensive { asked, allowed }) } else { Ok(quote) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_from_their_digits() {
        for (digits, decimals, expected) in [
            ("0.15", 6, Some(150_000)),
            ("2500000000", 0, Some(2_500_000_000_u64)),
            ("1e-7", 6, Some(1)),
            ("0.0000001", 6, Some(1)),
            ("1.5E3", 2, Some(150_000)),
            ("0", 18, Some(0)),
            ("0e-400", 18, Some(0)),
            ("1e-400", 18, Some(1)),
            ("1e400", 18, None),
            ("", 6, None),
            ("-1", 6, None),
            ("NaN", 6, None),
            ("1e", 6, None),
        ] {
            assert_eq!(to_units(digits, decimals), expected.map(U256::from), "{digits}");
        }
    }

    #[test]
    fn a_fee_above_the_allowance_is_refused() {
        let token = Address::repeat_byte(1);
        let quotes: FeeQuotes = serde_json::from_value(json!({
            "mode": "ERC20",
            "paymasterAddress": TOKEN_PAYMASTER,
            "feeQuotes": [{"symbol": "USDC", "decimal": 6, "tokenAddress": token, "maxGasFee": 0.15, "maxGasFeeUSD": 0.15,
                "exchangeRate": 2500000000_u64, "logoUrl": "", "premiumPercentage": "10", "validUntil": 1732186733000_u64}],
            "unsupportedTokens": [],
        }))
        .unwrap();
        assert_eq!(quotes.within(token, U256::from(150_000)).unwrap().premium_percentage.as_deref(), Some("10"));
        let refused = PaymasterError::TooExpensive { asked: U256::from(150_000), allowed: U256::from(149_999) };
        assert_eq!(quotes.within(token, U256::from(149_999)), Err(refused));
        let other = Address::repeat_byte(2);
        assert_eq!(quotes.within(other, U256::MAX), Err(PaymasterError::UnsupportedToken { token: other }));
    }
}
