use super::RequestError;
use crate::instruction::{Calls, Instruction};
use crate::wire::Metadata;

/// Gives words to instructions without any, and refuses empty ones.
pub(crate) fn resolve(mut instructions: Vec<Instruction>) -> Result<Vec<Instruction>, RequestError> {
    for instruction in &mut instructions {
        let chain_id = instruction.chain_id;
        if instruction.calls.is_empty() {
            return Err(RequestError::NoCall { chain_id });
        }
        if let (Some(lower), Some(upper)) = (instruction.lower_bound_timestamp, instruction.upper_bound_timestamp)
            && upper <= lower
        {
            return Err(RequestError::EmptyWindow { lower, upper });
        }
        if instruction.metadata.is_empty() {
            instruction.metadata = vec![Metadata::custom("Custom on-chain action", chain_id)];
        }
    }
    Ok(instructions)
}

/// Makes the instructions of each chain one, in the order in which the chains first appear.
pub(crate) fn batch(instructions: Vec<Instruction>) -> Result<Vec<Instruction>, RequestError> {
    let mut batched: Vec<Instruction> = Vec::new();
    for instruction in instructions {
        match batched.iter_mut().find(|known| known.chain_id == instruction.chain_id) {
            Some(known) => join(known, instruction)?,
            None => batched.push(instruction),
        }
    }
    Ok(batched)
}

fn join(into: &mut Instruction, next: Instruction) -> Result<(), RequestError> {
    match (&mut into.calls, next.calls) {
        (Calls::Plain(calls), Calls::Plain(more)) => calls.extend(more),
        (Calls::Composable(calls), Calls::Composable(more)) => calls.extend(more),
        _ => return Err(RequestError::MixedCalls { chain_id: into.chain_id }),
    }
    into.metadata.extend(next.metadata);
    into.simulation_overrides.extend(next.simulation_overrides);
    into.retries = into.retries.max(next.retries);
    into.simulation_retry_delay = into.simulation_retry_delay.max(next.simulation_retry_delay);
    let window = |lower: Option<u64>, upper: Option<u64>| Some((lower?, upper?));
    let ours = window(into.lower_bound_timestamp, into.upper_bound_timestamp);
    let widest = match (ours, window(next.lower_bound_timestamp, next.upper_bound_timestamp)) {
        (Some(ours), Some(theirs)) => {
            let width = |(lower, upper): (u64, u64)| upper.saturating_sub(lower);
            // Of two equally wide windows the later one holds.
            if (width(theirs), theirs.0) > (width(ours), ours.0) { Some(theirs) } else { Some(ours) }
        }
        (ours, theirs) => ours.or(theirs),
    };
    into.lower_bound_timestamp = widest.map(|(lower, _)| lower);
    into.upper_bound_timestamp = widest.map(|(_, upper)| upper);
    Ok(())
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Address, Bytes};

    use super::*;
    use crate::PlainCall;
    use crate::composable::ComposableCall;

    fn plain(chain_id: u64) -> Instruction {
        Instruction::new(chain_id, [PlainCall::new(Address::ZERO, Bytes::new())])
    }

    #[test]
    fn chains_keep_the_order_of_their_first_instruction() {
        let batched = batch(vec![plain(10), plain(1), plain(10)]).unwrap();
        assert_eq!(batched.iter().map(|one| one.chain_id).collect::<Vec<_>>(), [10, 1]);
        assert_eq!(batched[0].calls.gas_limits().len(), 2);
    }

    #[test]
    fn the_widest_window_holds_and_the_later_of_two_equal_ones() {
        let windows = |list: &[Option<(u64, u64)>]| {
            let all = list.iter().map(|window| window.map_or(plain(1), |(lower, upper)| plain(1).within(lower, upper)));
            let one = batch(all.collect()).unwrap().remove(0);
            one.lower_bound_timestamp.zip(one.upper_bound_timestamp)
        };
        assert_eq!(windows(&[None, Some((5, 9)), None]), Some((5, 9)));
        assert_eq!(windows(&[Some((5, 9)), Some((1, 6)), Some((7, 8))]), Some((1, 6)));
        assert_eq!(windows(&[Some((5, 9)), Some((6, 10))]), Some((6, 10)));
        assert_eq!(windows(&[Some((6, 10)), Some((5, 9))]), Some((6, 10)));
    }

    #[test]
    fn what_cannot_be_one_operation_is_refused() {
        let composable = Instruction::composable(1, [ComposableCall::new(Address::ZERO, [0; 4].into(), [])]);
        assert_eq!(batch(vec![plain(1), composable]), Err(RequestError::MixedCalls { chain_id: 1 }));
        let empty = RequestError::EmptyWindow { lower: 5, upper: 5 };
        assert_eq!(resolve(vec![plain(1).within(5, 5)]), Err(empty));
        assert_eq!(resolve(vec![Instruction::new(1, [])]), Err(RequestError::NoCall { chain_id: 1 }));
    }
}
