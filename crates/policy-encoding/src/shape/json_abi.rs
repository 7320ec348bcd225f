use alloc::{string::ToString, vec::Vec};

use alloy_json_abi::{Function, Param};

use super::{CallShape, ParamKind, Parameter, ShapeError, parse};

impl TryFrom<&Function> for CallShape {
    type Error = ShapeError;

    fn try_from(function: &Function) -> Result<Self, ShapeError> {
        Self::new(function.name.clone(), parameters(&function.inputs, 0)?)
    }
}

fn parameters(inputs: &[Param], depth: usize) -> Result<Vec<Parameter>, ShapeError> {
    if depth > parse::MAX_DEPTH {
        return Err(ShapeError::TooDeep);
    }
    inputs
        .iter()
        .map(|input| {
            // A tuple's members stand beside its type: "tuple", "tuple[3]", …
            let kind = match input.ty.strip_prefix("tuple") {
                Some(suffix) => parse::arrays(ParamKind::Tuple(parameters(&input.components, depth + 1)?), suffix)?,
                None => parse::kind(&input.ty)?,
            };
            Ok(Parameter { name: input.name.to_string(), kind })
        })
        .collect()
}
