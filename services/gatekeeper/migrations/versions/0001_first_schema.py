"""The gatekeeper's first schema.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE alert (
    seq BIGSERIAL NOT NULL,
    kind TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    licence_line INTEGER,
    detail JSONB NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (seq)
);
CREATE INDEX alert_subject ON alert (subject_kind, subject);
CREATE TABLE api_key (
    key_id TEXT NOT NULL,
    secret_hash BYTEA NOT NULL,
    principal TEXT NOT NULL,
    scopes TEXT[] NOT NULL,
    forwarder_ids TEXT[] NOT NULL,
    exporter_ids TEXT[] NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE,
    revoked_at TIMESTAMP WITH TIME ZONE,
    last_used_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (key_id)
);
CREATE TABLE audit (
    seq BIGSERIAL NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail JSONB NOT NULL,
    PRIMARY KEY (seq)
);
CREATE TABLE customs_challenge (
    notice_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    due_on DATE NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (notice_id)
);
CREATE INDEX customs_challenge_open ON customs_challenge (due_on) WHERE closed_at IS NULL;
CREATE TABLE decision (
    seq BIGSERIAL NOT NULL,
    owner TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    as_of TIMESTAMP WITH TIME ZONE NOT NULL,
    engine_version INTEGER NOT NULL,
    rules_version BIGINT NOT NULL,
    policy_version BIGINT NOT NULL,
    cause TEXT NOT NULL,
    state TEXT NOT NULL,
    body TEXT NOT NULL,
    output_hash BYTEA NOT NULL,
    record_hash BYTEA NOT NULL,
    event_hash BYTEA,
    PRIMARY KEY (seq)
)
 WITH (toast_tuple_target = 8160);
CREATE INDEX decision_owner ON decision (owner, owner_id, seq);
CREATE INDEX decision_as_of ON decision USING brin (as_of) WITH (autosummarize = on);
CREATE TABLE deferred_record (
    deferred_id BIGSERIAL NOT NULL,
    lane INTEGER NOT NULL,
    key TEXT NOT NULL,
    type TEXT NOT NULL,
    data TEXT NOT NULL,
    as_of TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (deferred_id)
);
CREATE TABLE event_seen (
    event_key BYTEA NOT NULL,
    content_hash BYTEA NOT NULL,
    PRIMARY KEY (event_key)
);
CREATE TABLE idempotency (
    principal TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    request_hash BYTEA NOT NULL,
    status INTEGER NOT NULL,
    answer TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (principal, idempotency_key)
);
CREATE TABLE input_position (
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    next_offset BIGINT NOT NULL,
    last_hash BYTEA,
    recent_good INTEGER NOT NULL,
    recent_bad INTEGER NOT NULL,
    stopped TEXT,
    PRIMARY KEY (topic, partition)
);
CREATE TABLE installation (
    singleton INTEGER NOT NULL,
    incarnation UUID NOT NULL,
    partitions INTEGER NOT NULL,
    environment TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (singleton)
);
CREATE TABLE lane (
    lane INTEGER NOT NULL,
    next_seq BIGINT NOT NULL,
    stopped TEXT,
    PRIMARY KEY (lane)
);
CREATE TABLE lane_progress (
    lane INTEGER NOT NULL,
    published_seq BIGINT NOT NULL,
    published_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (lane)
);
CREATE TABLE ledger (
    seq BIGSERIAL NOT NULL,
    licence_no TEXT NOT NULL,
    licence_line INTEGER NOT NULL,
    owner TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    line_no INTEGER NOT NULL,
    kind TEXT NOT NULL,
    reserved NUMERIC NOT NULL,
    consumed NUMERIC NOT NULL,
    value_reserved NUMERIC NOT NULL,
    value_consumed NUMERIC NOT NULL,
    uses INTEGER NOT NULL,
    uses_reserved INTEGER NOT NULL,
    rate_id TEXT,
    day DATE,
    unit TEXT,
    currency TEXT,
    as_of TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (seq)
);
CREATE INDEX ledger_owner ON ledger (owner, owner_id);
CREATE INDEX ledger_licence ON ledger (licence_no, seq);
CREATE TABLE licence_account (
    licence_no TEXT NOT NULL,
    uses INTEGER NOT NULL,
    uses_reserved INTEGER NOT NULL,
    completed BOOLEAN NOT NULL,
    alerts TEXT[] NOT NULL,
    PRIMARY KEY (licence_no)
)
 WITH (fillfactor = 80);
CREATE TABLE licence_line_balance (
    licence_no TEXT NOT NULL,
    line_no INTEGER NOT NULL,
    reserved NUMERIC NOT NULL,
    consumed NUMERIC NOT NULL,
    value_reserved NUMERIC NOT NULL,
    value_consumed NUMERIC NOT NULL,
    days JSONB,
    unit TEXT NOT NULL,
    currency TEXT NOT NULL,
    PRIMARY KEY (licence_no, line_no)
)
 WITH (fillfactor = 80);
CREATE TABLE notice_barrier (
    notice_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    what TEXT NOT NULL,
    lane INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    rules_version BIGINT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (notice_id, version, what, lane)
);
CREATE TABLE open_hold (
    owner TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    hold_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    placed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (owner, owner_id, hold_id)
);
CREATE INDEX open_hold_reason ON open_hold (reason);
CREATE TABLE outbox (
    lane INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    key TEXT NOT NULL,
    type TEXT NOT NULL,
    headers TEXT NOT NULL,
    value BYTEA NOT NULL,
    PRIMARY KEY (lane, seq, recorded_at)
)
 PARTITION BY RANGE (recorded_at);
CREATE TABLE quarantine (
    quarantine_id UUID NOT NULL,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    record_offset BIGINT NOT NULL,
    key BYTEA,
    value BYTEA,
    headers JSONB NOT NULL,
    error_field TEXT NOT NULL,
    error TEXT NOT NULL,
    event_type TEXT,
    event_key TEXT NOT NULL,
    owner TEXT NOT NULL,
    owner_id TEXT,
    was_upsert BOOLEAN NOT NULL,
    status TEXT NOT NULL,
    rules_version BIGINT,
    settled_rules_version BIGINT,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    settled_at TIMESTAMP WITH TIME ZONE,
    settled_by TEXT,
    PRIMARY KEY (quarantine_id)
);
CREATE INDEX quarantine_record ON quarantine (topic, partition, record_offset);
CREATE INDEX quarantine_owner ON quarantine (owner, owner_id);
CREATE TABLE rule_ahead (
    seq BIGSERIAL NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    body JSONB NOT NULL,
    event_id TEXT,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (seq)
);
CREATE INDEX rule_ahead_due ON rule_ahead (due_at);
CREATE TABLE licence_term (
    term TEXT NOT NULL,
    licence_no TEXT NOT NULL,
    PRIMARY KEY (term, licence_no)
);
CREATE TABLE rule_boundary (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    version BIGINT NOT NULL,
    what TEXT NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (kind, key, version, what)
);
CREATE INDEX rule_boundary_due ON rule_boundary (due_at);
CREATE TABLE rule_row (
    seq BIGSERIAL NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    version BIGINT NOT NULL,
    rules_version BIGINT NOT NULL,
    body JSONB NOT NULL,
    event_id TEXT,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (seq)
);
CREATE INDEX rule_row_rules_version ON rule_row (rules_version);
CREATE INDEX rule_row_key ON rule_row (kind, key, seq);
CREATE TABLE rules_state (
    singleton INTEGER NOT NULL,
    rules_version BIGINT NOT NULL,
    min_engine INTEGER NOT NULL,
    PRIMARY KEY (singleton)
);
CREATE TABLE scope_terms (
    owner TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    lane INTEGER NOT NULL,
    arrival BIGINT NOT NULL,
    terms TEXT[] NOT NULL,
    PRIMARY KEY (owner, owner_id)
);
CREATE INDEX scope_terms_terms ON scope_terms USING gin (terms);
CREATE TABLE shipment (
    shipment_id TEXT NOT NULL,
    lane INTEGER NOT NULL,
    arrival BIGINT NOT NULL,
    state TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    exporter_id TEXT,
    forwarder_id TEXT,
    rules_version BIGINT NOT NULL,
    recheck_at TIMESTAMP WITH TIME ZONE,
    body JSONB NOT NULL,
    PRIMARY KEY (shipment_id)
)
 WITH (fillfactor = 80);
CREATE TABLE split_counter (
    family TEXT NOT NULL,
    end_user TEXT NOT NULL,
    PRIMARY KEY (family, end_user)
);
CREATE TABLE split_entry (
    shipment_id TEXT NOT NULL,
    line_no INTEGER NOT NULL,
    family TEXT NOT NULL,
    end_user TEXT NOT NULL,
    arrival BIGINT NOT NULL,
    day DATE NOT NULL,
    departed BOOLEAN NOT NULL,
    item_no TEXT NOT NULL,
    quantity NUMERIC,
    unit TEXT,
    PRIMARY KEY (shipment_id, line_no, end_user)
);
CREATE INDEX split_entry_day ON split_entry (family, end_user, day);
CREATE INDEX split_entry_waiting ON split_entry (family, end_user) WHERE NOT departed;
CREATE TABLE sweep_item (
    task_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    owner TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    lane INTEGER NOT NULL,
    PRIMARY KEY (task_id, position)
);
CREATE INDEX sweep_item_owner ON sweep_item (owner, owner_id);
CREATE TABLE task (
    task_id BIGSERIAL NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    touches JSONB NOT NULL,
    rules_version BIGINT NOT NULL,
    can_add_hold BOOLEAN NOT NULL,
    items_stored BOOLEAN NOT NULL,
    cursor BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    done_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (task_id)
);
CREATE INDEX task_open ON task (task_id) WHERE done_at IS NULL;
CREATE TABLE timeline (
    seq BIGSERIAL NOT NULL,
    owner TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    what TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (seq)
);
CREATE INDEX timeline_owner ON timeline (owner, owner_id, seq);
CREATE TABLE timer (
    owner TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    lane INTEGER NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (owner, owner_id)
)
 WITH (fillfactor = 80);
CREATE INDEX timer_due ON timer (lane, due_at);
CREATE TABLE trade_order (
    order_id TEXT NOT NULL,
    lane INTEGER NOT NULL,
    arrival BIGINT NOT NULL,
    state TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    exporter_id TEXT,
    rules_version BIGINT NOT NULL,
    body JSONB NOT NULL,
    PRIMARY KEY (order_id)
)
 WITH (fillfactor = 80);
CREATE TABLE violation (
    violation_id UUID NOT NULL,
    kind TEXT NOT NULL,
    shipment_id TEXT,
    licence_no TEXT,
    detail JSONB NOT NULL,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (violation_id)
);
CREATE INDEX violation_shipment ON violation (shipment_id);
CREATE INDEX violation_licence ON violation (licence_no);
"""

EXTRAS = """
CREATE SEQUENCE arrival_seq;
INSERT INTO rules_state (singleton, rules_version, min_engine) VALUES (1, 0, 1);
"""


def upgrade() -> None:
    for statement in (TABLES + EXTRAS).split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the first schema has nothing below it")
