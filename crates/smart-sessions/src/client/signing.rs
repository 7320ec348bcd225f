//! From alloy's signers to the forms that contracts check.

use alloy_primitives::{B256, Bytes};
use alloy_signer::Signer;
use session_types::SigningForm;

use super::Error;

/// Signs a hash as a session validator wants it: 65 bytes r, s, v.
pub(crate) async fn sign_as<S: Signer + Sync>(signer: &S, form: SigningForm, hash: B256) -> Result<[u8; 65], Error> {
    let mut bytes = match form {
        SigningForm::PersonalMessage | SigningForm::RaisedPersonalMessage => {
            signer.sign_message(hash.as_slice()).await?.as_bytes()
        }
        _ => signer.sign_hash(&hash).await?.as_bytes(),
    };
    if form == SigningForm::RaisedPersonalMessage {
        // How the validator tells the two forms apart.
        bytes[64] += 4;
    }
    Ok(bytes)
}

/// The EIP-191 personal signature of a hash's 32 bytes: what owner validators of the K1 family take.
pub(crate) async fn sign_personal<S: Signer + Sync>(signer: &S, hash: B256) -> Result<Bytes, Error> {
    Ok(sign_as(signer, SigningForm::PersonalMessage, hash).await?.into())
}

/// A stub of the length and make-up of a secp256k1 signature: recoverable, so that validation runs down the same path, and
/// without zero bytes, so that it costs as much call data.
pub(crate) const STUB_SIGNATURE: [u8; 65] = session_types::validator::OWNER_STUB_SIGNATURE;
