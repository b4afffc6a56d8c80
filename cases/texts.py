"""Words in texts: any piece of them is found, by an index of characters in a row.

SQLite keeps three in a row, PostgreSQL two. The index only proposes; the text itself decides. A
word of one character, or of two that stand in too many texts, is not asked of the index.
"""

from typing import Any

from sqlalchemy import ColumnElement, Integer, Text, column, exists, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from cases.tables import CaseRow, CaseTextRow

WORDS_MAX = 8
"""Words of a search that count."""
FEW = 2_000
"""Cases that are fetched by their numbers; of more, the order is read until the page is full."""
_TERMS_MAX = 200
_LAST = "\U0010ffff"


def words_of(search: str) -> list[str]:
    return search.replace("\x00", " ").lower().split()[:WORDS_MAX]


def has_words(words: list[str]) -> ColumnElement[bool]:
    """Whether a case's text holds them all; for queries on cases."""
    return exists().where(CaseTextRow.no == CaseRow.no, *_holds(words))


def few_with(session: Session, words: list[str]) -> list[str] | None:
    """The numbers of all cases with these words; None: they are many, or only reading tells."""
    proposed = proposed_by_index(session, words)
    if proposed is None:
        return None
    query = select(CaseTextRow.no).where(proposed, *_holds(words)).limit(FEW + 1)
    found = list(session.scalars(query))
    return found if len(found) <= FEW else None


def count_with(session: Session, words: list[str]) -> int:
    """How many cases have these words, however many."""
    proposed = proposed_by_index(session, words)
    conditions = [*([] if proposed is None else [proposed]), *_holds(words)]
    query = select(func.count()).select_from(CaseTextRow).where(*conditions)
    return session.scalar(query) or 0


def _holds(words: list[str]) -> list[ColumnElement[bool]]:
    return [CaseTextRow.words.contains(word, autoescape=True) for word in words]


def proposed_by_index(session: Session, words: list[str]) -> ColumnElement[bool] | None:
    """A condition on `CaseTextRow` that the index answers; None where it cannot."""
    if session.get_bind().dialect.name == "postgresql":
        pairs = sorted({word[i : i + 2] for word in words for i in range(len(word) - 1)})
        grams: ColumnElement[Any] = func.case_grams(CaseTextRow.words, type_=ARRAY(Text))
        return grams.contains(pairs) if pairs else None
    match = _match(session, words)
    if not match:
        return None
    found = text("SELECT rowid FROM case_grams WHERE case_grams MATCH :match")
    return CaseTextRow.id.in_(found.bindparams(match=match).columns(column("rowid", Integer)))


def _match(session: Session, words: list[str]) -> str:
    """What SQLite's index is asked for; empty: nothing."""
    has_index = text("SELECT 1 FROM sqlite_master WHERE name = 'case_grams'")
    if session.scalar(has_index) is None:
        return ""
    parts = [part for word in words if (part := _part(session, word))]
    return " AND ".join(parts)


def _part(session: Session, word: str) -> str:
    if len(word) >= 3:
        threes = dict.fromkeys(word[i : i + 3] for i in range(len(word) - 2))
        return " AND ".join(map(_quoted, threes))
    if len(word) < 2:
        return ""
    query = text(
        "SELECT term FROM case_gram_terms WHERE term >= :word AND term < :beyond LIMIT :most"
    )
    asked = {"word": word, "beyond": word + _LAST, "most": _TERMS_MAX + 1}
    terms = list(session.scalars(query, asked))
    if not terms:
        return _quoted(word + _LAST)  # no text has it
    return f"({' OR '.join(map(_quoted, terms))})" if len(terms) <= _TERMS_MAX else ""


def _quoted(gram: str) -> str:
    return '"' + gram.replace('"', '""') + '"'
