use policy_encoding::{KnownPolicy, SpendingLimits};
use session_types::{Deployment, PolicyData, UserOpSlot};

fn main() {
    // Spending limits have no interface for whole operations: the module would refuse the session.
    let limits = SpendingLimits::new([]).unwrap();
    let _: PolicyData<UserOpSlot> = limits.on(&Deployment::current().policies).unwrap();
}
