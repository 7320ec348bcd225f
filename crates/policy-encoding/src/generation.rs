/// Which of the two sets of deployed contracts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Generation {
    /// December 2024.
    First,
    /// August 2025.
    #[default]
    Second,
}
