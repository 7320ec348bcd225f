use session_types::{ActionId, PermissionId};

use super::read::{address, bytes, cases, hash, member, parsed, same};
use crate::{Document, Tally};

pub(super) fn ids(document: &Document, tally: &mut Tally) {
    cases(document, tally, |case| {
        let account = address(case, "account")?;
        let init_data = bytes(case, "sessionValidatorInitData")?;
        let permission = PermissionId::derive(address(case, "sessionValidator")?, &init_data, hash(case, "salt")?);
        let action = ActionId::derive(address(case, "actionTarget")?, parsed(case, "actionTargetSelector")?);
        let policies =
            [permission.user_op_policy_id(), permission.action_policy_id(action), permission.erc1271_policy_id()];
        let expected = member(case, "expected")?;
        same("permissionId", permission.0, hash(expected, "permissionId")?)?;
        same("actionId", action.0, hash(expected, "actionId")?)?;
        for (slot, policy) in ["userOp", "action", "erc1271"].into_iter().zip(policies) {
            same(slot, policy.0, hash(expected, &format!("{slot}PolicyId"))?)?;
            same(slot, policy.config_id(account).0, hash(expected, &format!("{slot}ConfigId"))?)?;
        }
        Ok(())
    });
}
