"""Cases of any source: without incident and camera, with evidence of their own; and who acted is a
kind, an id and a name instead of a bare string."""

import re
from collections.abc import Callable, Mapping

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

WORD = sa.String(32)
LONG_ID = sa.String(128)
CASE_NO = sa.String(32)
OPTIONAL = ("kind", "incident_id", "opening_revision", "camera_id", "camera_name", "score")
"""Columns of a case that may be empty from now on."""
KEYS = (
    "standing", "priority", "kind", "source", "camera_id",
    "grid_first", "grid_second", "grid_third",
)  # fmt: skip
NULLABLE_KEYS = frozenset({"kind", "camera_id", "grid_first", "grid_second", "grid_third"})
LOCK = 7_114_510_118
"""The lock of 0006, of those who count."""
IS_SYSTEM = "actor = 'system' AND key IS NULL"
"""What the program did itself. What a request asked for by its key was a person's, whatever they
were called."""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _upgrade_postgres()
    else:
        _upgrade_sqlite()
    op.add_column("cases", sa.Column("external_no", sa.String(64)))
    op.add_column("cases", sa.Column("request_key", sa.String(256)))
    op.create_index("ix_cases_request_key", "cases", ["request_key"], unique=True)
    op.add_column("evidence", sa.Column("case_no", CASE_NO))
    op.create_index("ix_evidence_case_no", "evidence", ["case_no"])


def _upgrade_postgres() -> None:
    for name in OPTIONAL:
        op.alter_column("cases", name, nullable=True)
    op.alter_column("evidence", "incident_id", nullable=True)
    op.execute(
        "ALTER TABLE cases ALTER COLUMN reviewer TYPE JSON USING "
        f"CASE WHEN reviewer IS NULL THEN NULL ELSE {_person('json_build_object', 'reviewer')} END"
    )
    op.execute(
        "CREATE OR REPLACE FUNCTION tally_case() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"PERFORM pg_advisory_xact_lock({LOCK}); "
        f"IF TG_OP <> 'INSERT' THEN {_less('OLD')} END IF; "
        f"IF TG_OP <> 'DELETE' THEN {_more('NEW')} END IF; "
        "RETURN NULL; END $$"
    )
    _name_actors_on_postgres()


def _name_actors_on_postgres() -> None:
    """The one change that the history ever sees: its refusal is taken off for it."""
    op.execute("ALTER TABLE entries DISABLE TRIGGER entries_append_only")
    op.add_column("entries", sa.Column("actor_kind", WORD))
    op.add_column("entries", sa.Column("actor_id", LONG_ID))
    op.add_column("entries", sa.Column("actor_name", sa.JSON()))
    reviewer = "before::jsonb->>'reviewer'"
    op.execute(
        "UPDATE entries SET "
        + ", ".join(f"{name} = {value}" for name, value in _actor("json_build_object").items())
        + f", before = CASE WHEN {reviewer} IS NULL THEN before ELSE jsonb_set(before::jsonb, "
        f"'{{reviewer}}', {_person('jsonb_build_object', f'({reviewer})')})::json END"
    )
    for name in ("actor_kind", "actor_id", "actor_name"):
        op.alter_column("entries", name, nullable=False)
    op.drop_column("entries", "actor")
    op.execute("ALTER TABLE entries ENABLE TRIGGER entries_append_only")


def _upgrade_sqlite() -> None:
    """SQLite changes no column: the tables are made anew. `Database.upgrade` leaves foreign keys
    unchecked meanwhile."""
    _drop_counters()
    reviewer = _person("json_object", "reviewer")
    _remake(
        "cases",
        lambda made: _retyped(_may_be_empty(made, *OPTIONAL), "reviewer VARCHAR(128)", "JSON"),
        {"reviewer": f"CASE WHEN reviewer IS NOT NULL THEN {reviewer} END"},
    )
    _count_on_sqlite()
    _remake("evidence", lambda made: _may_be_empty(made, "incident_id"), {})
    before = "json_extract(before, '$.reviewer')"
    _remake(
        "entries",
        _with_actor,
        {
            **_actor("json_object"),
            "before": f"CASE WHEN {before} IS NULL THEN before ELSE "
            f"json_set(before, '$.reviewer', {_person('json_object', before)}) END",
        },
        gone="actor",
    )


def _remake(
    table: str, edit: Callable[[str], str], values: Mapping[str, str], gone: str = ""
) -> None:
    """Make a table anew by its own words, edited, and fill it with its rows; `values` says where
    columns come from that are not simply copied."""
    connection = op.get_bind()
    words = "SELECT type, sql FROM sqlite_master WHERE tbl_name = :table AND sql IS NOT NULL"
    found = connection.execute(sa.text(words), {"table": table}).all()
    made = next(sql for kind, sql in found if kind == "table")
    info = connection.exec_driver_sql(f"PRAGMA table_info({table})")  # without computed columns
    copied = {row[1]: row[1] for row in info if row[1] != gone} | dict(values)
    again = re.sub(rf'^CREATE TABLE "?{table}"?', "CREATE TABLE remade", edit(made))
    op.execute(sa.text(_plain(again)))
    op.execute(
        f"INSERT INTO remade ({', '.join(copied)}) SELECT {', '.join(copied.values())} FROM {table}"
    )
    op.execute(f"DROP TABLE {table}")
    op.execute(f"ALTER TABLE remade RENAME TO {table}")
    for kind, sql in found:
        if kind != "table":  # indexes and triggers went with it
            op.execute(sa.text(_plain(sql)))


def _plain(sql: str) -> str:
    """Words of the database as they are: a colon in them names no value."""
    return sql.replace(":", "\\:")


def _may_be_empty(made: str, *names: str) -> str:
    for name in names:
        made, done = re.subn(rf"(\n\t{name} [A-Z ]+(?:\(\d+\))?) NOT NULL", r"\1", made)
        assert done == 1, (name, made)
    return made


def _retyped(made: str, column: str, new_type: str) -> str:
    assert f"\n\t{column}" in made, (column, made)
    return made.replace(f"\n\t{column}", f"\n\t{column.split()[0]} {new_type}")


def _with_actor(made: str) -> str:
    old = "actor VARCHAR(128) NOT NULL"
    assert old in made, made
    new = "actor_kind VARCHAR(32) NOT NULL, actor_id VARCHAR(128) NOT NULL, "
    return made.replace(old, f"{new}actor_name JSON NOT NULL")


def _actor(json_object: str) -> dict[str, str]:
    return {
        "actor_kind": f"CASE WHEN {IS_SYSTEM} THEN 'system' ELSE 'person' END",
        "actor_id": f"CASE WHEN {IS_SYSTEM} THEN 'center' ELSE actor END",
        "actor_name": f"CASE WHEN {IS_SYSTEM} THEN {json_object}('zh', '系统', 'en', 'System') "
        f"ELSE {json_object}('zh', actor, 'en', actor) END",
    }


def _person(json_object: str, name: str) -> str:
    names = f"{json_object}('zh', {name}, 'en', {name})"
    return f"{json_object}('kind', 'person', 'id', {name}, 'name', {names})"


def _key(row: str) -> str:
    """The counter of a row; what is not there counts as an empty word, because NULL equals
    nothing."""
    return ", ".join(
        f"coalesce({row}.{name}, '')" if name in NULLABLE_KEYS else f"{row}.{name}" for name in KEYS
    )


def _less(row: str) -> str:
    where = f"({', '.join(KEYS)}) = ({_key(row)})"
    return (
        f"UPDATE case_tally SET cases = cases - 1 WHERE {where}; "
        f"DELETE FROM case_tally WHERE {where} AND cases = 0;"
    )


def _more(row: str) -> str:
    return (
        f"INSERT INTO case_tally ({', '.join(KEYS)}, cases) VALUES ({_key(row)}, 1) "
        f"ON CONFLICT ({', '.join(KEYS)}) DO UPDATE SET cases = case_tally.cases + 1;"
    )


def _drop_counters() -> None:
    for name in ("more", "moved", "less"):
        op.execute(f"DROP TRIGGER case_tally_{name}")


def _count_on_sqlite() -> None:
    changed = f"({_key('OLD')}) IS NOT ({_key('NEW')})"
    columns = "state, verdict, priority, kind, source, camera_id, " + ", ".join(KEYS[5:])
    for name, event, body in (
        ("more", "INSERT", _more("NEW")),
        ("moved", f"UPDATE OF {columns}", _less("OLD") + " " + _more("NEW")),
        ("less", "DELETE", _less("OLD")),
    ):
        when = f"WHEN {changed} " if name == "moved" else ""
        trigger = f"CREATE TRIGGER case_tally_{name} AFTER {event} ON cases "
        op.execute(f"{trigger}{when}BEGIN {body} END")
