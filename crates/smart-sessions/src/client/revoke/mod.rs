//! Taking sessions back.

mod owner;
