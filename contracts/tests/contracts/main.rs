//! The contracts: as recorded, as compiled, and where no recording reaches.

mod compiled;
mod erc1271;
mod management;
mod mee;
mod recordings;
mod scene;
mod validators;
