//! Transactions about grants.

use std::string::{String, ToString as _};
use std::vec::Vec;

use session_types::PermissionId;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{PgConnection, Postgres, Row as _};

use super::rows::{about, address, number, word};
use super::transaction::{Failure, Mode, Work};
use crate::Grant;
use crate::client::store::contents::read;
use crate::client::store::{GrantFilter, GrantKey, LaneSpace};

pub(super) struct Put {
    pub(super) key: GrantKey,
    pub(super) text: String,
}

pub(super) struct Get(pub(super) GrantKey);

pub(super) struct List(pub(super) GrantFilter);

pub(super) struct Remove(pub(super) GrantKey);

/// A statement about one grant: `$3` is its permission.
fn about_grant(statement: &'static str, key: GrantKey) -> Query<'static, Postgres, PgArguments> {
    let GrantKey { chain_id, account, permission_id } = key;
    about(statement, LaneSpace { chain_id, account }).bind(permission_id.0.to_vec())
}

impl Work for Put {
    type Answer = ();
    const ACTION: &'static str = "store a grant";
    const MODE: Mode = Mode::Repeatable;

    async fn run(&self, connection: &mut PgConnection) -> Result<(), Failure> {
        let statement = "INSERT INTO smart_sessions.grants (chain_id, account, permission_id, content) \
                         VALUES ($1::numeric, $2, $3, $4) \
                         ON CONFLICT (chain_id, account, permission_id) DO UPDATE SET content = EXCLUDED.content";
        about_grant(statement, self.key).bind(self.text.clone()).execute(connection).await?;
        Ok(())
    }
}

impl Work for Get {
    type Answer = Option<Grant>;
    const ACTION: &'static str = "read a grant";
    const MODE: Mode = Mode::Read;

    async fn run(&self, connection: &mut PgConnection) -> Result<Option<Grant>, Failure> {
        let statement = "SELECT chain_id::text, account, permission_id, content FROM smart_sessions.grants \
                         WHERE chain_id = $1::numeric AND account = $2 AND permission_id = $3";
        let row = about_grant(statement, self.0).fetch_optional(connection).await?;
        row.as_ref().map(grant).transpose()
    }
}

impl Work for List {
    type Answer = Vec<Grant>;
    const ACTION: &'static str = "list grants";
    const MODE: Mode = Mode::Read;

    async fn run(&self, connection: &mut PgConnection) -> Result<Vec<Grant>, Failure> {
        let statement = "SELECT chain_id::text, account, permission_id, content FROM smart_sessions.grants \
                         WHERE ($1::text IS NULL OR chain_id = $1::text::numeric) AND ($2::bytea IS NULL OR account = $2) \
                         ORDER BY grants.chain_id, account, permission_id";
        let GrantFilter { chain_id, account } = self.0;
        let query = sqlx::query(statement).bind(chain_id.map(|id| id.to_string()));
        let rows = query.bind(account.map(|account| account.to_vec())).fetch_all(connection).await?;
        rows.iter().map(grant).collect()
    }
}

impl Work for Remove {
    type Answer = bool;
    const ACTION: &'static str = "remove a grant";
    const MODE: Mode = Mode::Once;

    async fn run(&self, connection: &mut PgConnection) -> Result<bool, Failure> {
        let statement = "DELETE FROM smart_sessions.grants \
                         WHERE chain_id = $1::numeric AND account = $2 AND permission_id = $3";
        Ok(about_grant(statement, self.0).execute(connection).await?.rows_affected() > 0)
    }
}

fn grant(row: &PgRow) -> Result<Grant, Failure> {
    let permission_id = PermissionId(word(row, 2)?);
    let key = GrantKey { chain_id: number(row, 0)?, account: address(row, 1)?, permission_id };
    Ok(read(key, row.try_get(3)?)?)
}
