CREATE SCHEMA IF NOT EXISTS smart_sessions;

CREATE TABLE smart_sessions.schema_version (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version integer NOT NULL
);

-- Numbers of 64 bits without a sign do not fit into bigint.
CREATE TABLE smart_sessions.grants (
    chain_id numeric(20) NOT NULL CHECK (chain_id >= 0),
    account bytea NOT NULL CHECK (octet_length(account) = 20),
    permission_id bytea NOT NULL CHECK (octet_length(permission_id) = 32),
    content text NOT NULL,
    PRIMARY KEY (chain_id, account, permission_id)
);

-- One row for each account whose lanes were ever leased: whoever changes its leases locks it first.
CREATE TABLE smart_sessions.lane_spaces (
    chain_id numeric(20) NOT NULL CHECK (chain_id >= 0),
    account bytea NOT NULL CHECK (octet_length(account) = 20),
    PRIMARY KEY (chain_id, account)
);

CREATE SEQUENCE smart_sessions.lease_ids AS bigint;

CREATE TABLE smart_sessions.lanes (
    chain_id numeric(20) NOT NULL,
    account bytea NOT NULL,
    lane bigint NOT NULL CHECK (lane > 0),
    lease_id bigint NOT NULL,
    -- Unix seconds, by the clocks of the processes.
    ends numeric(20) NOT NULL CHECK (ends >= 0),
    PRIMARY KEY (chain_id, account, lane),
    FOREIGN KEY (chain_id, account) REFERENCES smart_sessions.lane_spaces
);

-- The operations of each piece of work; the highest place is the newest.
CREATE TABLE smart_sessions.operations (
    chain_id numeric(20) NOT NULL CHECK (chain_id >= 0),
    account bytea NOT NULL CHECK (octet_length(account) = 20),
    work text COLLATE "C" NOT NULL,
    place integer NOT NULL CHECK (place >= 0),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    from_block numeric(20) NOT NULL CHECK (from_block >= 0),
    operation text NOT NULL,
    PRIMARY KEY (chain_id, account, work, place),
    UNIQUE (chain_id, account, hash)
);
