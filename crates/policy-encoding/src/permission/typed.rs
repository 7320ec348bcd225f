use alloc::{string::String, vec, vec::Vec};
use core::marker::PhantomData;

use alloy_primitives::{Address, Selector};
use alloy_sol_types::SolCall;
use session_types::ActionTarget;

use super::{Comparison, PermissionError, StaticParam, plan::Plan};
use crate::{CallShape, Rule};

/// A permission to call the function `C`.
#[derive(Clone, Debug)]
pub struct CallPermission<C> {
    pub(super) plan: Plan,
    call: PhantomData<fn() -> C>,
}

impl<C: SolCall> CallPermission<C> {
    pub(super) fn new(target: Address) -> Self {
        let selector = Selector::from(C::SELECTOR);
        Self { plan: Plan::new(ActionTarget::Exact { target, selector }), call: PhantomData }
    }

    /// A rule about a parameter: `field` names it, as in `|call| &mut call.params.amountIn`.
    #[must_use]
    pub fn rule<T: StaticParam>(
        mut self,
        field: impl for<'a> Fn(&'a mut C) -> &'a mut T,
        comparison: Comparison<T>,
    ) -> Self {
        let rule = rule_at(self.plan.rule_count(), field, &comparison);
        self.plan.add(rule);
        self
    }

    /// Rules made with [`call_rule`] or by hand.
    #[must_use]
    pub fn rules(mut self, rules: impl IntoIterator<Item = Rule>) -> Self {
        rules.into_iter().for_each(|rule| self.plan.add(Ok(rule)));
        self
    }
}

/// The rule about a parameter of the function `C`, for use in a policy or an expression.
///
/// ```
/// use alloy_primitives::U256;
/// use alloy_sol_types::sol;
/// use policy_encoding::permission::{at_most, call_rule};
///
/// sol! {
///     struct Order { address token; uint256[2] bounds; }
///     function place(bytes note, Order order) external;
/// }
///
/// let rule = call_rule(|call: &mut placeCall| &mut call.order.bounds[1], at_most(U256::from(7)))?;
/// assert_eq!(rule.offset(), 96);
/// # Ok::<(), policy_encoding::permission::PermissionError>(())
/// ```
///
/// # Errors
/// When the parameter lies inside a dynamic value.
pub fn call_rule<C: SolCall, T: StaticParam>(
    field: impl for<'a> Fn(&'a mut C) -> &'a mut T,
    comparison: Comparison<T>,
) -> Result<Rule, PermissionError> {
    rule_at(0, field, &comparison)
}

fn rule_at<C: SolCall, T: StaticParam>(
    rule: usize,
    field: impl for<'a> Fn(&'a mut C) -> &'a mut T,
    comparison: &Comparison<T>,
) -> Result<Rule, PermissionError> {
    let offset = offset_of(rule, field)?;
    comparison.rule(offset, |value| Ok(value.word()))
}

/// Finds the parameter's place by encoding the call twice, with another value in it the second time.
fn offset_of<C: SolCall, T: StaticParam>(
    rule: usize,
    field: impl for<'a> Fn(&'a mut C) -> &'a mut T,
) -> Result<u64, PermissionError> {
    let signature = || String::from(C::SIGNATURE);
    let no_parameter = || PermissionError::NoParameter { rule, signature: signature() };
    let dynamic = || PermissionError::Dynamic { rule, signature: signature() };
    let shape: CallShape = C::SIGNATURE.parse()?;

    // Zeros decode to a call of any shape: offsets of zero point to lengths of zero.
    let zeros = vec![0; shape.head_len() + SLACK];
    let blank = || C::abi_decode_raw(&zeros).map_err(|_| no_parameter());
    let encode = |call: &C| {
        let mut encoded = Vec::new();
        call.abi_encode_raw(&mut encoded);
        encoded
    };
    let before = encode(&blank()?);
    let mut call = blank()?;
    *field(&mut call) = T::probe();
    let after = encode(&call);

    let mut changed =
        before.chunks(32).zip(after.chunks(32)).enumerate().filter(|(_, (before, after))| before != after);
    let (word, _) = changed.next().ok_or_else(no_parameter)?;
    if changed.next().is_some() || before.len() != after.len() {
        return Err(dynamic());
    }
    let offset = u64::try_from(word * 32).map_err(|_| dynamic())?;
    let fixed = shape.at(offset).is_some_and(|location| !location.kind().is_dynamic());
    if fixed { Ok(offset) } else { Err(dynamic()) }
}

/// More zeros than the head of any dynamic value needs that a function signature of sane size has.
const SLACK: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use alloy_primitives::{U256, fixed_bytes};
    use alloy_sol_types::sol;

    use super::*;
    use crate::permission::{at_most, between, equal_to};

    sol! {
        enum Side { Buy, Sell }
        struct Key { address token; uint24 fee; bytes4 tag; }
        struct Open { uint256 amount; bytes data; }
        function swap(Key key, bytes path, uint128[3] limits, int64 tick, Open open, Side side, string[2] notes) external;
        function none() external;
    }

    #[test]
    fn fields_are_found_where_the_encoder_puts_them() {
        let at = |rule: Result<Rule, PermissionError>| rule.unwrap().offset();
        let address = Address::repeat_byte(1);
        assert_eq!(at(call_rule(|c: &mut swapCall| &mut c.key.token, equal_to(address))), 0);
        assert_eq!(at(call_rule(|c: &mut swapCall| &mut c.key.tag, equal_to(fixed_bytes!("01020304")))), 64);
        assert_eq!(at(call_rule(|c: &mut swapCall| &mut c.limits[2], at_most(5_u128))), 192);
        assert_eq!(at(call_rule(|c: &mut swapCall| &mut c.tick, equal_to(-5_i64))), 224);
    }

    #[test]
    fn values_inside_dynamic_ones_are_refused() {
        let inside = call_rule(|c: &mut swapCall| &mut c.open.amount, at_most(U256::from(1)));
        assert!(matches!(inside, Err(PermissionError::Dynamic { .. })), "{inside:?}");
    }

    #[test]
    fn values_become_words() {
        let tag = call_rule(|c: &mut swapCall| &mut c.key.tag, equal_to(fixed_bytes!("01020304"))).unwrap();
        assert_eq!(tag.reference()[..5], [1, 2, 3, 4, 0]);
        let range = call_rule(|c: &mut swapCall| &mut c.limits[0], between(3, 9)).unwrap();
        assert_eq!(crate::range_bounds(range.reference()), (3, 9));
    }
}
