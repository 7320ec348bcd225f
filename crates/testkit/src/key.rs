use alloy_primitives::{Address, B256, b256};
use alloy_signer_local::PrivateKeySigner;

/// The funded keys of the local chain, by what they are for.
///
/// They are the first ten of the well-known mnemonic `test test … junk` that every development node uses: nothing of
/// value must ever be sent to them on a public chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// Owner of the smart account.
    Owner,
    /// Holder of a session.
    Session,
    /// Another owner.
    SecondOwner,
    /// Holder of another session.
    SecondSession,
    /// Somebody without any right.
    Stranger,
    /// Signs for a paymaster.
    Paymaster,
    /// Sends plain transactions: deploys and funds.
    Deployer,
    /// Sends the bundler's transactions. Sending anything else with it disturbs the bundler.
    Executor,
    /// Sends the bundler's transactions. Sending anything else with it disturbs the bundler.
    SecondExecutor,
    /// Deploys the bundler's own contracts.
    Utility,
}

impl Key {
    /// Every key, in the order of the mnemonic.
    pub const ALL: [Self; 10] = [
        Self::Owner,
        Self::Session,
        Self::SecondOwner,
        Self::SecondSession,
        Self::Stranger,
        Self::Paymaster,
        Self::Deployer,
        Self::Executor,
        Self::SecondExecutor,
        Self::Utility,
    ];

    /// What it is for, in one word or two.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Session => "session key",
            Self::SecondOwner => "second owner",
            Self::SecondSession => "second session key",
            Self::Stranger => "stranger",
            Self::Paymaster => "paymaster",
            Self::Deployer => "deployer",
            Self::Executor => "bundler executor",
            Self::SecondExecutor => "bundler executor 2",
            Self::Utility => "bundler utility",
        }
    }

    /// The private key.
    #[must_use]
    pub const fn secret(self) -> B256 {
        match self {
            Self::Owner => b256!("0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"),
            Self::Session => b256!("0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"),
            Self::SecondOwner => b256!("0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"),
            Self::SecondSession => b256!("0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6"),
            Self::Stranger => b256!("0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a"),
            Self::Paymaster => b256!("0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba"),
            Self::Deployer => b256!("0x92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e"),
            Self::Executor => b256!("0x4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356"),
            Self::SecondExecutor => b256!("0xdbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97"),
            Self::Utility => b256!("0x2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6"),
        }
    }

    /// A signer with this key.
    ///
    /// # Panics
    ///
    /// Never: every key is in the curve's range, which a test holds.
    #[must_use]
    pub fn signer(self) -> PrivateKeySigner {
        match PrivateKeySigner::from_bytes(&self.secret()) {
            Ok(signer) => signer,
            Err(_) => unreachable!("the keys are valid"),
        }
    }

    /// The address of the key.
    #[must_use]
    pub fn address(self) -> Address {
        self.signer().address()
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::address;

    use super::Key;

    #[test]
    fn keys_are_valid_and_in_the_order_of_the_mnemonic() {
        assert_eq!(Key::Owner.address(), address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"));
        assert_eq!(Key::Utility.address(), address!("0xa0Ee7A142d267C1f36714E4a8F75612F20a79720"));
        for (index, key) in Key::ALL.into_iter().enumerate() {
            assert!(Key::ALL[..index].iter().all(|other| other.address() != key.address()));
        }
    }
}
