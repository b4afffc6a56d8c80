"""Finding and counting cases without reading them all: where each stands, counters, words."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import OperationalError

revision = "0006"
down_revision = "0005"

CASE_NO = sa.String(32)
WORD = sa.String(32)
ID = sa.String(64)

IN_FIELD = (
    "dispatched", "accepted", "handling", "feedback", "verifying", "returned", "rework",
)  # fmt: skip
STANDING = (
    "CASE WHEN verdict IS NULL AND state IN ("
    + ", ".join(f"'{state}'" for state in IN_FIELD)
    + ") THEN state || '?' ELSE state END"
)
KEYS = (
    "standing", "priority", "kind", "source", "camera_id",
    "grid_first", "grid_second", "grid_third",
)  # fmt: skip
FOUND_BY = (None, "kind", "camera_id", "grid_first", "grid_second", "grid_third")
"""Each heap is read in order, as a whole or narrowed by one of these."""
LOCK = 7_114_510_118
"""PostgreSQL advisory lock of those who count, held for the end of a transaction only."""


def upgrade() -> None:
    postgres = op.get_bind().dialect.name == "postgresql"
    kept = "STORED" if postgres else "VIRTUAL"
    op.execute(
        f"ALTER TABLE cases ADD COLUMN standing VARCHAR(40) GENERATED ALWAYS AS ({STANDING}) {kept}"
    )
    _create_tally()
    _create_texts()
    _create_indexes()
    if postgres:
        _count_on_postgres()
        _keep_texts_on_postgres()
    else:
        _count_on_sqlite()
        _keep_texts_on_sqlite()


def _create_tally() -> None:
    op.create_table(
        "case_tally",
        sa.Column("standing", sa.String(40), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("source", WORD, nullable=False),
        *(sa.Column(name, ID, nullable=False) for name in KEYS[4:]),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(*KEYS, name="pk_case_tally"),
    )
    op.execute(
        f"INSERT INTO case_tally ({', '.join(KEYS)}, cases) "
        f"SELECT {_key('cases')}, count(*) FROM cases GROUP BY {_key('cases')}"
    )


def _create_texts() -> None:
    op.create_table(
        "case_texts",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("no", CASE_NO, nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_case_texts"),
        sa.UniqueConstraint("no", name="uq_case_texts_no"),
    )
    op.execute(f"INSERT INTO case_texts (no, words) SELECT no, {_words('cases')} FROM cases")


def _create_indexes() -> None:
    op.drop_index("ix_cases_queue", "cases")
    op.drop_index("ix_cases_camera_id", "cases")
    order = ["standing", "priority", "opened_at", "no"]
    for narrowed in FOUND_BY:
        name = f"ix_cases_found_by_{narrowed}" if narrowed else "ix_cases_found"
        op.create_index(name, "cases", [narrowed, *order] if narrowed else order)
    _index_what_waits()
    op.create_index("ix_cases_decided_at", "cases", ["decided_at", "verdict"])
    op.create_index("ix_cases_closed_at", "cases", ["closed_at"])


def _index_what_waits() -> None:
    """Few cases have a time to be over by. With their standing they are counted off the index."""
    op.drop_index("ix_cases_due", "cases")
    op.drop_index("ix_cases_due_at", "cases")
    waits = sa.text("due_at IS NOT NULL")
    columns = ["priority", "due_at", "no", "standing"]
    op.create_index("ix_cases_due", "cases", columns, sqlite_where=waits, postgresql_where=waits)


def _key(row: str) -> str:
    """The counter of a row; no grid counts as an empty one, because NULL equals nothing."""
    plain = [f"{row}.{name}" for name in KEYS[:5]]
    return ", ".join([*plain, *(f"coalesce({row}.{name}, '')" for name in KEYS[5:])])


def _words(row: str) -> str:
    # Two spaces behind, so that each of the last characters begins three in a row as well.
    return f"{row}.search || ' ' || lower(coalesce({row}.assignee, '')) || '  '"


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


def _count_on_postgres() -> None:
    """At the end of the transaction and one after the other: two that counted the same heaps in
    different orders would lock each other up."""
    op.execute(
        "CREATE FUNCTION tally_case() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"PERFORM pg_advisory_xact_lock({LOCK}); "
        f"IF TG_OP <> 'INSERT' THEN {_less('OLD')} END IF; "
        f"IF TG_OP <> 'DELETE' THEN {_more('NEW')} END IF; "
        "RETURN NULL; END $$"
    )
    changed = f"WHEN (({_key('OLD')}) IS DISTINCT FROM ({_key('NEW')})) "
    for name, event, when in (
        ("more_or_less", "INSERT OR DELETE", ""),
        ("moved", "UPDATE", changed),
    ):
        op.execute(
            f"CREATE CONSTRAINT TRIGGER case_tally_{name} AFTER {event} ON cases "
            f"DEFERRABLE INITIALLY DEFERRED FOR EACH ROW {when}EXECUTE FUNCTION tally_case()"
        )


def _keep_texts_on_sqlite() -> None:
    _create_grams_on_sqlite()
    op.execute(
        "CREATE TRIGGER case_texts_new AFTER INSERT ON cases BEGIN "
        f"INSERT INTO case_texts (no, words) VALUES (NEW.no, {_words('NEW')}); END"
    )
    op.execute(
        "CREATE TRIGGER case_texts_changed AFTER UPDATE OF search, assignee ON cases "
        f"WHEN {_words('OLD')} IS NOT {_words('NEW')} BEGIN "
        f"UPDATE case_texts SET words = {_words('NEW')} WHERE no = NEW.no; END"
    )
    op.execute(
        "CREATE TRIGGER case_texts_gone AFTER DELETE ON cases BEGIN "
        "DELETE FROM case_texts WHERE no = OLD.no; END"
    )


def _create_grams_on_sqlite() -> None:
    """Three characters in a row, as SQLite's own index of texts keeps them. A library that was
    built without it (or before 3.34) searches the texts one by one."""
    try:
        op.execute(
            "CREATE VIRTUAL TABLE case_grams USING fts5(words, content='case_texts', "
            "content_rowid='id', tokenize='trigram case_sensitive 1', detail=none, columnsize=0)"
        )
    except OperationalError:
        return
    op.execute("CREATE VIRTUAL TABLE case_gram_terms USING fts5vocab('case_grams', 'row')")
    op.execute("INSERT INTO case_grams (case_grams) VALUES ('rebuild')")
    gone = "INSERT INTO case_grams (case_grams, rowid, words) VALUES ('delete', OLD.id, OLD.words);"
    come = "INSERT INTO case_grams (rowid, words) VALUES (NEW.id, NEW.words);"
    for event, body in ("INSERT", come), ("UPDATE", gone + " " + come), ("DELETE", gone):
        op.execute(
            f"CREATE TRIGGER case_grams_{event.lower()} AFTER {event} ON case_texts "
            f"BEGIN {body} END"
        )


def _keep_texts_on_postgres() -> None:
    """Two characters in a row: its own extension takes no Chinese in every locale, and is not
    everywhere."""
    op.execute(
        "CREATE FUNCTION case_grams(words text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT "
        "PARALLEL SAFE AS $$ SELECT array_agg(a || b) FROM (SELECT string_to_array(words, NULL) "
        "AS c) AS split, unnest(c, c[2:]) AS pair(a, b) $$"
    )
    op.execute("CREATE INDEX ix_case_texts_grams ON case_texts USING gin (case_grams(words))")
    op.execute(
        "CREATE FUNCTION keep_case_text() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF TG_OP = 'DELETE' THEN DELETE FROM case_texts WHERE no = OLD.no; "
        f"ELSE INSERT INTO case_texts (no, words) VALUES (NEW.no, {_words('NEW')}) "
        "ON CONFLICT (no) DO UPDATE SET words = EXCLUDED.words; END IF; RETURN NULL; END $$"
    )
    for name, event, when in (
        ("new_or_gone", "INSERT OR DELETE", ""),
        (
            "changed",
            "UPDATE OF search, assignee",
            f"WHEN ({_words('OLD')} IS DISTINCT FROM {_words('NEW')}) ",
        ),
    ):
        op.execute(
            f"CREATE TRIGGER case_texts_{name} AFTER {event} ON cases FOR EACH ROW "
            f"{when}EXECUTE FUNCTION keep_case_text()"
        )
