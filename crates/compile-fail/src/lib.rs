//! Mistakes with sessions and policies that the compiler must find: see `tests/cases`.
