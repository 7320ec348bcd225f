use crate::error::UnknownMode;

/// How a user operation's signature uses the session module; its first byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SmartSessionMode {
    /// `0x00`: an enabled session is used.
    #[default]
    Use,
    /// `0x01`: the session is enabled by the owner's signature, then used. The first deployment asks the ERC-7484
    /// registry about the validator and every policy.
    Enable,
    /// `0x02`: as [`Enable`](Self::Enable), without asking the registry.
    #[doc(alias = "UNSAFE_ENABLE")]
    UnsafeEnable,
}

impl SmartSessionMode {
    /// Whether the mode enables a session.
    #[must_use]
    pub const fn enables(self) -> bool {
        matches!(self, Self::Enable | Self::UnsafeEnable)
    }

    /// The mode as one that enables; `None` for [`Use`](Self::Use).
    #[must_use]
    pub const fn enable_mode(self) -> Option<EnableMode> {
        match self {
            Self::Use => None,
            Self::Enable => Some(EnableMode::Enable),
            Self::UnsafeEnable => Some(EnableMode::UnsafeEnable),
        }
    }

    /// The mode's byte.
    #[must_use]
    pub const fn to_byte(self) -> u8 {
        match self {
            Self::Use => 0,
            Self::Enable => 1,
            Self::UnsafeEnable => 2,
        }
    }

    /// The mode of a byte.
    ///
    /// # Errors
    /// When the byte is above 2: the module panics with `0x21` there.
    pub const fn from_byte(byte: u8) -> Result<Self, UnknownMode> {
        match byte {
            0 => Ok(Self::Use),
            1 => Ok(Self::Enable),
            2 => Ok(Self::UnsafeEnable),
            byte => Err(UnknownMode { byte }),
        }
    }
}

impl From<SmartSessionMode> for u8 {
    fn from(mode: SmartSessionMode) -> Self {
        mode.to_byte()
    }
}

impl TryFrom<u8> for SmartSessionMode {
    type Error = UnknownMode;

    fn try_from(byte: u8) -> Result<Self, UnknownMode> {
        Self::from_byte(byte)
    }
}

/// A mode that enables a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EnableMode {
    /// [`SmartSessionMode::Enable`].
    Enable,
    /// [`SmartSessionMode::UnsafeEnable`].
    UnsafeEnable,
}

impl From<EnableMode> for SmartSessionMode {
    fn from(mode: EnableMode) -> Self {
        match mode {
            EnableMode::Enable => Self::Enable,
            EnableMode::UnsafeEnable => Self::UnsafeEnable,
        }
    }
}

/// The flags of `SignedPermissions`: derived from the session and the mode by the module, never sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SignedFlags {
    /// Some action is the generic fallback.
    pub permit_generic_policy: bool,
    /// Some action is the admin fallback.
    pub permit_admin_access: bool,
    /// The mode is [`UnsafeEnable`](SmartSessionMode::UnsafeEnable).
    pub ignore_security_attestations: bool,
    /// The session's own member.
    pub permit_erc4337_paymaster: bool,
}
