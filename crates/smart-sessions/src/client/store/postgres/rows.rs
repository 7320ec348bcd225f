//! Between rows and values.

use std::string::{String, ToString as _};
use std::vec::Vec;

use alloy_primitives::{Address, B256};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Postgres, Row as _};

use super::transaction::Failure;
use crate::client::store::LaneSpace;

/// A statement about an account on a chain: the parameters `$1::numeric` and `$2` of all of them.
pub(super) fn about(statement: &'static str, space: LaneSpace) -> Query<'static, Postgres, PgArguments> {
    sqlx::query(statement).bind(space.chain_id.to_string()).bind(space.account.to_vec())
}

/// A number of 64 bits without a sign, from text.
pub(super) fn number(row: &PgRow, column: usize) -> Result<u64, Failure> {
    row.try_get::<String, _>(column)?.parse().map_err(|_| unreadable(column))
}

/// A number of a type that the database has.
pub(super) fn small<T: TryFrom<i64>>(row: &PgRow, column: usize) -> Result<T, Failure> {
    row.try_get::<i64, _>(column)?.try_into().map_err(|_| unreadable(column))
}

pub(super) fn word(row: &PgRow, column: usize) -> Result<B256, Failure> {
    B256::try_from(&*row.try_get::<Vec<u8>, _>(column)?).map_err(|_| unreadable(column))
}

pub(super) fn address(row: &PgRow, column: usize) -> Result<Address, Failure> {
    Address::try_from(&*row.try_get::<Vec<u8>, _>(column)?).map_err(|_| unreadable(column))
}

/// Only someone else's hand can have written it.
fn unreadable(column: usize) -> Failure {
    sqlx::Error::Decode(std::format!("value {column} of a row is none that this library writes").into()).into()
}
