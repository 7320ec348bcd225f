use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use alloy_primitives::{Address, U256, address};
use alloy_sol_types::SolCall;

use crate::Call;
use crate::abi::account as abi;

/// The head of an account's module lists; the first module's predecessor.
pub(crate) const SENTINEL: Address = address!("0x0000000000000000000000000000000000000001");

/// A linked list of modules in an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ListKind {
    /// `getValidatorsPaginated`.
    Validators,
    /// `getExecutorsPaginated`.
    Executors,
}

/// Reads an account's list of modules, page after page; the caller makes the reads.
///
/// While [`request`](Self::request) gives a call, make it (`eth_call`) and hand its answer to
/// [`answer`](Self::answer). Then [`modules`](Self::modules) are the list, newest first, and
/// [`previous`](Self::previous) is what uninstalling a module takes.
#[derive(Clone, Debug)]
pub struct ModuleList {
    account: Address,
    kind: ListKind,
    page: u16,
    cursor: Option<Address>,
    modules: Vec<Address>,
    seen: BTreeSet<Address>,
}

/// Why an answer is no page of a module list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModuleListError {
    /// The answer is not an ABI `(address[], address)`.
    #[error("expected a page of modules, saw {length} bytes that are none")]
    Page {
        /// How many bytes the answer has.
        length: usize,
    },
    /// The answer holds more entries than were asked for.
    #[error("expected at most {size} modules, saw {length}")]
    Size {
        /// The page size.
        size: usize,
        /// How many there are.
        length: usize,
    },
    /// A module comes twice: the list runs in a circle.
    #[error("module {module} is in the list twice")]
    Circle {
        /// The module.
        module: Address,
    },
    /// An empty page that says that there is more.
    #[error("an empty page points on to {next}")]
    Stuck {
        /// Where it points.
        next: Address,
    },
    /// There is nothing left to answer.
    #[error("the list is complete")]
    Complete,
}

impl ModuleList {
    /// Starts reading a list in pages of `page` modules (at least one).
    #[must_use]
    pub fn new(account: Address, kind: ListKind, page: u16) -> Self {
        let (modules, seen) = (Vec::new(), BTreeSet::new());
        Self { account, kind, page: page.max(1), cursor: Some(SENTINEL), modules, seen }
    }

    /// The next read, or `None` when the list is complete.
    #[must_use]
    pub fn request(&self) -> Option<Call> {
        let cursor = self.cursor?;
        let size = U256::from(self.page);
        let data = match self.kind {
            ListKind::Validators => abi::getValidatorsPaginatedCall { cursor, size }.abi_encode(),
            ListKind::Executors => abi::getExecutorsPaginatedCall { cursor, size }.abi_encode(),
        };
        Some(Call::new(self.account, data))
    }

    /// Takes the answer to the last [`request`](Self::request).
    ///
    /// # Errors
    /// When the answer is no page, or the list cannot be true. The list then stays as it was.
    pub fn answer(&mut self, answer: &[u8]) -> Result<(), ModuleListError> {
        if self.cursor.is_none() {
            return Err(ModuleListError::Complete);
        }
        // Both functions answer in the same form.
        let page = abi::getValidatorsPaginatedCall::abi_decode_returns(answer)
            .map_err(|_| ModuleListError::Page { length: answer.len() })?;
        let size = usize::from(self.page);
        if page.array.len() > size {
            return Err(ModuleListError::Size { size, length: page.array.len() });
        }
        let end = page.next == SENTINEL || page.next.is_zero();
        if page.array.is_empty() && !end {
            return Err(ModuleListError::Stuck { next: page.next });
        }
        let mut here = BTreeSet::new();
        if let Some(twice) = page.array.iter().find(|module| self.seen.contains(*module) || !here.insert(**module)) {
            return Err(ModuleListError::Circle { module: *twice });
        }
        self.seen.append(&mut here);
        self.modules.extend_from_slice(&page.array);
        self.cursor = (!end).then_some(page.next);
        Ok(())
    }

    /// Whether the whole list was read.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.cursor.is_none()
    }

    /// What was read so far, newest first.
    #[must_use]
    pub fn modules(&self) -> &[Address] {
        &self.modules
    }

    /// The entry before a module, the list's head for the first; `None` when the module was not read.
    ///
    /// No need to read the whole list: the answer holds as soon as it is there.
    #[must_use]
    pub fn previous(&self, module: Address) -> Option<Address> {
        let index = self.modules.iter().position(|installed| *installed == module)?;
        Some(index.checked_sub(1).and_then(|before| self.modules.get(before).copied()).unwrap_or(SENTINEL))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_sol_types::SolValue;

    fn module(number: u8) -> Address {
        Address::with_last_byte(number)
    }

    /// The account's side: a page after the cursor, with the last entry as the next cursor when there is more.
    fn serve(list: &[Address], request: &Call) -> Vec<u8> {
        let call = abi::getValidatorsPaginatedCall::abi_decode(&request.data).unwrap();
        let start = if call.cursor == SENTINEL { 0 } else { list.iter().position(|m| *m == call.cursor).unwrap() + 1 };
        let size: usize = call.size.to();
        let page: Vec<Address> = list[start..].iter().take(size).copied().collect();
        let next = if start + page.len() < list.len() { *page.last().unwrap() } else { SENTINEL };
        (page, next).abi_encode_params()
    }

    #[test]
    fn every_page_size_gives_the_same_list() {
        let list: Vec<Address> = (10..17).map(module).collect();
        for size in 0..9 {
            let mut read = ModuleList::new(module(1), ListKind::Validators, size);
            while let Some(request) = read.request() {
                assert_eq!(request.to, module(1));
                read.answer(&serve(&list, &request)).unwrap();
            }
            assert!(read.is_complete());
            assert_eq!(read.modules(), list);
            assert_eq!(read.previous(module(10)), Some(SENTINEL));
            assert_eq!(read.previous(module(13)), Some(module(12)));
            assert_eq!(read.previous(module(16)), Some(module(15)));
            assert_eq!(read.previous(module(17)), None);
            assert_eq!(read.answer(&[]), Err(ModuleListError::Complete));
        }
    }

    #[test]
    fn untrue_answers_are_refused_and_change_nothing() {
        let mut read = ModuleList::new(module(1), ListKind::Executors, 2);
        assert_eq!(read.answer(&[1, 2]), Err(ModuleListError::Page { length: 2 }));
        let long = (Vec::from([module(10), module(11), module(12)]), SENTINEL).abi_encode_params();
        assert_eq!(read.answer(&long), Err(ModuleListError::Size { size: 2, length: 3 }));
        let stuck = (Vec::<Address>::new(), module(12)).abi_encode_params();
        assert_eq!(read.answer(&stuck), Err(ModuleListError::Stuck { next: module(12) }));
        let twice = (Vec::from([module(10), module(10)]), SENTINEL).abi_encode_params();
        assert_eq!(read.answer(&twice), Err(ModuleListError::Circle { module: module(10) }));
        assert!(read.modules().is_empty() && !read.is_complete());

        read.answer(&(Vec::from([module(10), module(11)]), module(11)).abi_encode_params()).unwrap();
        let circle = (Vec::from([module(10)]), SENTINEL).abi_encode_params();
        assert_eq!(read.answer(&circle), Err(ModuleListError::Circle { module: module(10) }));
        read.answer(&(Vec::<Address>::new(), Address::ZERO).abi_encode_params()).unwrap();
        assert!(read.is_complete());
    }
}
