use alloy_primitives::B256;

/// The kind of a call: the first byte of a mode (ERC-7579).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallType {
    /// `0x00`: one call.
    Single,
    /// `0x01`: several calls.
    Batch,
    /// `0xfe`: a static call; only fallback handlers use it.
    Static,
    /// `0xff`: another contract's code run as the account.
    Delegate,
}

impl CallType {
    /// The byte in the mode.
    #[must_use]
    pub const fn as_byte(self) -> u8 {
        match self {
            Self::Single => 0x00,
            Self::Batch => 0x01,
            Self::Static => 0xfe,
            Self::Delegate => 0xff,
        }
    }

    /// The kind of a byte.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0x00 => Some(Self::Single),
            0x01 => Some(Self::Batch),
            0xfe => Some(Self::Static),
            0xff => Some(Self::Delegate),
            _ => None,
        }
    }
}

/// What happens when a call fails: the second byte of a mode (ERC-7579).
///
/// The reference library's `revertOnError: true` writes the byte for *try*; here each name says what the byte does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExecType {
    /// `0x00`: everything is undone.
    #[default]
    Revert,
    /// `0x01`: the account emits an event and goes on.
    Try,
}

impl ExecType {
    /// The byte in the mode.
    #[must_use]
    pub const fn as_byte(self) -> u8 {
        match self {
            Self::Revert => 0x00,
            Self::Try => 0x01,
        }
    }

    /// The meaning of a byte.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0x00 => Some(Self::Revert),
            0x01 => Some(Self::Try),
            _ => None,
        }
    }
}

/// The mode of an execution: `callType(1) ++ execType(1) ++ unused(4) ++ modeSelector(4) ++ payload(22)` (ERC-7579).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ModeCode(pub B256);

impl ModeCode {
    /// A mode without selector and payload.
    #[must_use]
    pub const fn new(call_type: CallType, exec_type: ExecType) -> Self {
        let mut word = [0; 32];
        word[0] = call_type.as_byte();
        word[1] = exec_type.as_byte();
        Self(B256::new(word))
    }

    /// With the mode selector and payload of an account's own mode.
    #[must_use]
    pub fn with_context(mut self, selector: [u8; 4], payload: [u8; 22]) -> Self {
        self.0[6..10].copy_from_slice(&selector);
        self.0[10..].copy_from_slice(&payload);
        self
    }

    /// The kind of call, when it is a known one.
    #[must_use]
    pub const fn call_type(&self) -> Option<CallType> {
        CallType::from_byte(self.0.0[0])
    }

    /// What happens when a call fails, when it is a known way.
    #[must_use]
    pub const fn exec_type(&self) -> Option<ExecType> {
        ExecType::from_byte(self.0.0[1])
    }

    /// The mode selector: zero but for an account's own modes.
    #[must_use]
    pub fn selector(&self) -> [u8; 4] {
        let mut selector = [0; 4];
        selector.copy_from_slice(&self.0[6..10]);
        selector
    }

    /// What the mode selector gives a meaning to.
    #[must_use]
    pub fn payload(&self) -> [u8; 22] {
        let mut payload = [0; 22];
        payload.copy_from_slice(&self.0[10..]);
        payload
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn bytes_stand_in_their_places() {
        let mode = ModeCode::new(CallType::Delegate, ExecType::Try).with_context([1, 2, 3, 4], [9; 22]);
        let expected = [&[0xff, 0x01, 0, 0, 0, 0, 1, 2, 3, 4][..], &[9; 22]].concat();
        assert_eq!(Vec::from(mode.0.0), expected);
        assert_eq!((mode.call_type(), mode.exec_type()), (Some(CallType::Delegate), Some(ExecType::Try)));
        assert_eq!((mode.selector(), mode.payload()), ([1, 2, 3, 4], [9; 22]));
    }

    #[test]
    fn unknown_bytes_have_no_meaning() {
        let known = (0..=u8::MAX).filter(|byte| CallType::from_byte(*byte).is_some()).count();
        assert_eq!(known, 4);
        assert!(
            (0..=u8::MAX).filter_map(CallType::from_byte).all(|kind| CallType::from_byte(kind.as_byte()) == Some(kind))
        );
        assert_eq!((0..=u8::MAX).filter_map(ExecType::from_byte).count(), 2);
    }
}
