use alloy_primitives::{Address, U256, address};
use bundler_rpc::CallRequest;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use p256::ecdsa::{Signature, SigningKey};

use super::PasskeyError;
use super::assertion::sha256;
use crate::{Chain, Error};

/// `P256VERIFY`, at the same address in both standards.
const P256_VERIFY: Address = address!("0000000000000000000000000000000000000100");

impl Chain {
    /// Whether the chain has the P-256 precompile (RIP-7212, EIP-7951): asked by a signature that it must accept.
    ///
    /// # Errors
    /// When the node does not answer.
    #[doc(alias = "P256VERIFY")]
    #[doc(alias = "RIP-7212")]
    pub async fn has_p256_precompile(&self) -> Result<bool, Error> {
        let request = CallRequest::new(P256_VERIFY, question().map_err(|_| PasskeyError::PublicKey)?);
        let answer = self.node().call(&request).await?;
        Ok(answer.len() == 32 && U256::from_be_slice(&answer) == U256::ONE)
    }
}

/// `hash ++ r ++ s ++ x ++ y` of a signature that is right.
fn question() -> Result<[u8; 160], p256::ecdsa::Error> {
    let key = SigningKey::from_slice(&[1; 32])?;
    let hash = sha256([b"P256VERIFY".as_slice()]);
    let signature: Signature = key.sign_prehash(hash.as_slice())?;
    let point = key.verifying_key().to_encoded_point(false);
    let mut question = [0; 160];
    question[..32].copy_from_slice(hash.as_slice());
    question[32..96].copy_from_slice(&signature.to_bytes());
    // Behind the mark of an uncompressed point.
    question[96..].copy_from_slice(&point.as_bytes()[1..]);
    Ok(question)
}
