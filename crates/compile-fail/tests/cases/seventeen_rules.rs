use policy_encoding::{Condition, Rule, UniversalAction};

fn main() {
    let _ = UniversalAction::of([Rule::argument(0, Condition::Equal, 1_u8); 17]);
}
