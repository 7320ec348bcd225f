use alloy_primitives::{Address, B256, Bytes, U256, hex};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;
use userop::{Authorization, EntryPointVersion, Factory, Paymaster, UserOperation};

use super::quantity;

/// An operation as JSON-RPC carries it, in which gas, fees, signature and parts of the paymaster may still be missing.
///
/// Estimation and paymaster services take it incomplete; what is `None` is left out of the request. A complete one comes
/// from and turns into a [`UserOperation`].
///
/// ```
/// use alloy_primitives::{Address, U256, bytes};
/// use bundler_rpc::{PartialOperation, userop::EntryPointVersion};
///
/// let operation = PartialOperation::new(Address::ZERO, U256::ZERO, bytes!("c0de"));
/// let json = serde_json::to_value(operation.wire(EntryPointVersion::V0_7))?;
/// assert_eq!(json["nonce"], "0x0");
/// assert_eq!(json.get("callGasLimit"), None);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartialOperation {
    /// The account.
    pub sender: Address,
    /// Key (192 bits) and sequence (64 bits).
    pub nonce: U256,
    /// How the account comes to be.
    pub factory: Option<Factory>,
    /// What the account is called with.
    pub call_data: Bytes,
    /// Gas for the call.
    pub call_gas_limit: Option<u128>,
    /// Gas for validation.
    pub verification_gas_limit: Option<u128>,
    /// Gas the bundler is paid beyond what is measured.
    pub pre_verification_gas: Option<U256>,
    /// Highest price of a unit of gas, in wei.
    pub max_fee_per_gas: Option<u128>,
    /// Highest priority fee of a unit of gas, in wei.
    pub max_priority_fee_per_gas: Option<u128>,
    /// Who pays, when it is not the account.
    pub paymaster: Option<PartialPaymaster>,
    /// The EIP-7702 authorization that goes with the operation.
    pub authorization: Option<Authorization>,
    /// The signature, or one of its final length for estimation.
    pub signature: Option<Bytes>,
}

/// The paymaster fields of a [`PartialOperation`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartialPaymaster {
    /// The paymaster contract.
    pub address: Address,
    /// What it is given.
    pub data: Bytes,
    /// Gas for asking it (0.7 and later).
    pub verification_gas_limit: Option<u128>,
    /// Gas for its work after the call (0.7 and later).
    pub post_op_gas_limit: Option<u128>,
    /// A signature that the operation's hash leaves out (0.9).
    pub signature: Option<Bytes>,
}

impl PartialOperation {
    /// An operation without gas, fees and signature.
    #[must_use]
    pub fn new(sender: Address, nonce: impl Into<U256>, call_data: impl Into<Bytes>) -> Self {
        Self { sender, nonce: nonce.into(), call_data: call_data.into(), ..Self::default() }
    }

    /// The form for JSON-RPC: the members of `version`, and no others.
    #[must_use]
    pub const fn wire(&self, version: EntryPointVersion) -> WireOperation<'_> {
        WireOperation { operation: self, version }
    }

    /// Whether every gas limit is there, so that nothing needs estimating.
    #[must_use]
    pub fn has_gas(&self) -> bool {
        self.call_gas_limit.is_some()
            && self.verification_gas_limit.is_some()
            && self.pre_verification_gas.is_some()
            && self.paymaster.as_ref().is_none_or(|paymaster| {
                paymaster.verification_gas_limit.is_some() && paymaster.post_op_gas_limit.is_some()
            })
    }

    /// The operation, with zero for what is missing.
    #[must_use]
    pub fn into_operation(self) -> UserOperation {
        UserOperation {
            sender: self.sender,
            nonce: self.nonce,
            factory: self.factory,
            call_data: self.call_data,
            call_gas_limit: self.call_gas_limit.unwrap_or_default(),
            verification_gas_limit: self.verification_gas_limit.unwrap_or_default(),
            pre_verification_gas: self.pre_verification_gas.unwrap_or_default(),
            max_fee_per_gas: self.max_fee_per_gas.unwrap_or_default(),
            max_priority_fee_per_gas: self.max_priority_fee_per_gas.unwrap_or_default(),
            paymaster: self.paymaster.map(|paymaster| Paymaster {
                address: paymaster.address,
                verification_gas_limit: paymaster.verification_gas_limit.unwrap_or_default(),
                post_op_gas_limit: paymaster.post_op_gas_limit.unwrap_or_default(),
                data: paymaster.data,
                signature: paymaster.signature,
            }),
            authorization: self.authorization,
            signature: self.signature.unwrap_or_default(),
        }
    }
}

impl From<&UserOperation> for PartialOperation {
    fn from(operation: &UserOperation) -> Self {
        Self {
            sender: operation.sender,
            nonce: operation.nonce,
            factory: operation.factory.clone(),
            call_data: operation.call_data.clone(),
            call_gas_limit: Some(operation.call_gas_limit),
            verification_gas_limit: Some(operation.verification_gas_limit),
            pre_verification_gas: Some(operation.pre_verification_gas),
            max_fee_per_gas: Some(operation.max_fee_per_gas),
            max_priority_fee_per_gas: Some(operation.max_priority_fee_per_gas),
            paymaster: operation.paymaster.as_ref().map(|paymaster| PartialPaymaster {
                address: paymaster.address,
                data: paymaster.data.clone(),
                verification_gas_limit: Some(paymaster.verification_gas_limit),
                post_op_gas_limit: Some(paymaster.post_op_gas_limit),
                signature: paymaster.signature().cloned(),
            }),
            authorization: operation.authorization,
            signature: Some(operation.signature.clone()),
        }
    }
}

/// A [`PartialOperation`] with the members of one entry point version: serializes straight into a request.
#[derive(Clone, Copy, Debug)]
pub struct WireOperation<'a> {
    operation: &'a PartialOperation,
    version: EntryPointVersion,
}

/// Writes a number as a quantity.
struct Number(U256);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        quantity::serialize(&self.0, to)
    }
}

/// Writes parts one behind the other as one `0x` text.
struct Joined<'a>(&'a [&'a [u8]]);

impl Serialize for Joined<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            [one] => to.serialize_str(&hex::encode_prefixed(one)),
            parts => to.serialize_str(&hex::encode_prefixed(parts.concat())),
        }
    }
}

impl Serialize for WireOperation<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let op = self.operation;
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("sender", &op.sender)?;
        map.serialize_entry("nonce", &Number(op.nonce))?;
        if self.version.is_packed() {
            if let Some(factory) = &op.factory {
                // With data the marker goes out in 20 bytes: bundlers pack it that way.
                if factory.data().is_empty() {
                    map.serialize_entry("factory", &Joined(&[factory.head()]))?;
                } else {
                    map.serialize_entry("factory", &factory.address())?;
                }
                map.serialize_entry("factoryData", factory.data())?;
            }
        } else {
            let parts = op.factory.as_ref().map_or([&[][..], &[][..]], |f| [f.head(), f.data()]);
            map.serialize_entry("initCode", &Joined(&parts))?;
        }
        map.serialize_entry("callData", &op.call_data)?;
        let widen = |value: Option<u128>| value.map(U256::from);
        let numbers = [
            ("callGasLimit", widen(op.call_gas_limit)),
            ("verificationGasLimit", widen(op.verification_gas_limit)),
            ("preVerificationGas", op.pre_verification_gas),
            ("maxFeePerGas", widen(op.max_fee_per_gas)),
            ("maxPriorityFeePerGas", widen(op.max_priority_fee_per_gas)),
        ];
        for (name, number) in numbers {
            if let Some(number) = number {
                map.serialize_entry(name, &Number(number))?;
            }
        }
        if self.version.is_packed() {
            if let Some(paymaster) = &op.paymaster {
                map.serialize_entry("paymaster", &paymaster.address)?;
                map.serialize_entry("paymasterData", &paymaster.data)?;
                if let Some(gas) = paymaster.verification_gas_limit {
                    map.serialize_entry("paymasterVerificationGasLimit", &Number(U256::from(gas)))?;
                }
                if let Some(gas) = paymaster.post_op_gas_limit {
                    map.serialize_entry("paymasterPostOpGasLimit", &Number(U256::from(gas)))?;
                }
                if let Some(signature) = paymaster.signature.as_ref().filter(|signature| !signature.is_empty()) {
                    map.serialize_entry("paymasterSignature", signature)?;
                }
            }
        } else {
            let parts = op.paymaster.as_ref().map_or([&[][..], &[][..]], |p| [p.address.as_slice(), &p.data]);
            map.serialize_entry("paymasterAndData", &Joined(&parts))?;
        }
        if let Some(signature) = &op.signature {
            map.serialize_entry("signature", signature)?;
        }
        if let Some(authorization) = &op.authorization {
            map.serialize_entry("eip7702Auth", &WireAuthorization::from(authorization))?;
        }
        map.end()
    }
}

/// `eip7702Auth` as it is sent; `r` and `s` are padded to 32 bytes, `yParity` is a quantity.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireAuthorization {
    address: Address,
    #[serde(with = "quantity")]
    chain_id: U256,
    #[serde(with = "quantity")]
    nonce: u64,
    r: B256,
    s: B256,
    #[serde(with = "quantity")]
    y_parity: u8,
}

impl From<&Authorization> for WireAuthorization {
    fn from(authorization: &Authorization) -> Self {
        Self {
            address: authorization.address,
            chain_id: authorization.chain_id,
            nonce: authorization.nonce,
            r: authorization.r.into(),
            s: authorization.s.into(),
            y_parity: authorization.y_parity.into(),
        }
    }
}

/// Every member that any version and bundler uses.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Members {
    sender: Address,
    #[serde(with = "quantity")]
    nonce: U256,
    #[serde(default)]
    factory: Option<Bytes>,
    #[serde(default)]
    factory_data: Option<Bytes>,
    #[serde(default)]
    init_code: Option<Bytes>,
    call_data: Bytes,
    #[serde(default, with = "quantity::optional")]
    call_gas_limit: Option<u128>,
    #[serde(default, with = "quantity::optional")]
    verification_gas_limit: Option<u128>,
    #[serde(default, with = "quantity::optional")]
    pre_verification_gas: Option<U256>,
    #[serde(default, with = "quantity::optional")]
    max_fee_per_gas: Option<u128>,
    #[serde(default, with = "quantity::optional")]
    max_priority_fee_per_gas: Option<u128>,
    #[serde(default, deserialize_with = "super::lenient::address")]
    paymaster: Option<Address>,
    #[serde(default, with = "quantity::optional")]
    paymaster_verification_gas_limit: Option<u128>,
    #[serde(default, with = "quantity::optional")]
    paymaster_post_op_gas_limit: Option<u128>,
    #[serde(default)]
    paymaster_data: Option<Bytes>,
    #[serde(default)]
    paymaster_signature: Option<Bytes>,
    #[serde(default)]
    paymaster_and_data: Option<Bytes>,
    #[serde(default)]
    signature: Option<Bytes>,
    #[serde(default)]
    eip7702_auth: Option<AuthorizationMembers>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AuthorizationMembers {
    #[serde(alias = "contractAddress")]
    address: Address,
    #[serde(with = "quantity")]
    chain_id: U256,
    #[serde(with = "quantity")]
    nonce: u64,
    #[serde(with = "quantity")]
    r: U256,
    #[serde(with = "quantity")]
    s: U256,
    #[serde(default, alias = "v")]
    y_parity: Value,
}

impl TryFrom<Members> for PartialOperation {
    type Error = String;

    fn try_from(members: Members) -> Result<Self, String> {
        let factory = match (members.factory.filter(|factory| !factory.is_empty()), members.init_code) {
            (Some(factory), _) => Some(Factory::from_wire(&factory, members.factory_data.unwrap_or_default())),
            (None, Some(code)) if !code.is_empty() => Some(match code.get(..20) {
                Some(head) => Factory::from_wire(head, code.slice(20..)),
                None => Factory::from_wire(&code, Bytes::new()),
            }),
            _ => None,
        };
        let paymaster = match (members.paymaster, members.paymaster_and_data) {
            (Some(address), _) => Some(PartialPaymaster {
                address,
                data: members.paymaster_data.unwrap_or_default(),
                verification_gas_limit: members.paymaster_verification_gas_limit,
                post_op_gas_limit: members.paymaster_post_op_gas_limit,
                signature: members.paymaster_signature.filter(|signature| !signature.is_empty()),
            }),
            (None, Some(packed)) if !packed.is_empty() => {
                let head: Option<&[u8; 20]> = packed.first_chunk();
                let head =
                    head.ok_or_else(|| format!("paymasterAndData of {} bytes, expected 20 or more", packed.len()))?;
                Some(PartialPaymaster { address: head.into(), data: packed.slice(20..), ..PartialPaymaster::default() })
            }
            _ => None,
        };
        let authorization = members.eip7702_auth.map(|auth| {
            let parity = quantity::from_value(&auth.y_parity).unwrap_or_default();
            Authorization {
                chain_id: auth.chain_id,
                address: auth.address,
                nonce: auth.nonce,
                y_parity: parity == U256::from(1) || parity == U256::from(28),
                r: auth.r,
                s: auth.s,
            }
        });
        Ok(Self {
            sender: members.sender,
            nonce: members.nonce,
            factory: factory.transpose().map_err(|error| error.to_string())?,
            call_data: members.call_data,
            call_gas_limit: members.call_gas_limit,
            verification_gas_limit: members.verification_gas_limit,
            pre_verification_gas: members.pre_verification_gas,
            max_fee_per_gas: members.max_fee_per_gas,
            max_priority_fee_per_gas: members.max_priority_fee_per_gas,
            paymaster,
            authorization,
            signature: members.signature,
        })
    }
}

impl<'de> Deserialize<'de> for PartialOperation {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Members::deserialize(from)?.try_into().map_err(de::Error::custom)
    }
}
