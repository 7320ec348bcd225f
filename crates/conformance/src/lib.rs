//! Golden-vector checks of every crate, over any directory of vector files.
