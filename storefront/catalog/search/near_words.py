"""Words one edit apart: a letter more, less, another one, or two neighbours exchanged.

Each word of the products is stored under itself and under what is left of it without one letter. Two words one edit
apart share such a key, so that equality finds them on every database (SymSpell, Wolf Garbe 2012).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cache, lru_cache

from sqlalchemy import TextClause, event, text
from sqlalchemy.orm import Session, SessionTransaction

from storefront.catalog.search.text_words import is_unspaced
from storefront.json_rows import encode, from_item

# Letters. Shorter words have too many neighbours; longer ones are typed by nobody.
MIN_KNOWN, MIN_NEAR, MAX_LENGTH = 3, 4, 24
_SOUNDS = str.maketrans("aehiouwybfpvcgjkqsxzdtlmnr", "00000000111122222222334556")
_CHUNK = 500  # words in one statement
_ADDED = "search words"  # in the session: the words that its transaction has added, by table
_MAX_REMEMBERED = 200_000  # words, of the table in this process


@lru_cache(maxsize=50_000)
def is_word(folded: str) -> bool:
    """Return whether a word is kept: one of letters, not a number or a code."""
    if not MIN_KNOWN <= len(folded) <= MAX_LENGTH or any(map(str.isdigit, folded)):
        return False
    return folded.isascii() or not is_unspaced(folded)


def deletion_keys(word: str) -> set[str]:
    """Return the keys under which a word is stored, and looked up."""
    if len(word) < MIN_NEAR:
        return {word}
    return {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))}


def is_near(first: str, second: str) -> bool:
    """Return whether two words are one edit apart."""
    if abs(len(first) - len(second)) > 1 or first == second:
        return False
    short, long = sorted((first, second), key=len)
    place = next((i for i, letter in enumerate(short) if letter != long[i]), len(short))
    if len(short) < len(long):
        return short[place:] == long[place + 1 :]
    swapped = first[place : place + 2] == second[place : place + 2][::-1]
    return first[place + 1 :] == second[place + 1 :] or (
        swapped and first[place + 2 :] == second[place + 2 :]
    )


def sort_near(forms: Sequence[str], candidates: Iterable[str]) -> list[str]:
    """Return the likeliest of the candidates that are one edit from a form of a word, the longest first.

    People leave out, double and exchange letters more often than they type another one, and rarely the first one.
    """
    rated: dict[str, int] = {}
    for form in forms:
        for other in candidates:
            if is_near(form, other) and not _means_another(form, other):
                rated[other] = min(rated.get(other, 9), _unlikeliness(form, other))
    best = min(rated.values(), default=0)
    return sorted((other for other in rated if rated[other] == best), key=lambda other: (-len(other), other))


def _unlikeliness(word: str, other: str) -> int:
    """Return 0 to 4, for words one edit apart: 1 for another letter, 2 for another first letter."""
    replaced = len(word) == len(other) and sorted(word) != sorted(other)
    return replaced + 2 * (word[0] != other[0])


def _means_another(word: str, other: str) -> bool:
    """Return whether a short word is another word: its first letter differs, or one that sounds different.

    "vaze" is "vase", but "cafe" is neither "cake" nor "safe". Soundex (Russell 1918) says which letters sound alike.
    """
    if len(word) > MIN_NEAR or len(word) != len(other) or sorted(word) == sorted(other):
        return False
    return word[0] != other[0] or word.translate(_SOUNDS) != other.translate(_SOUNDS)


def add_words(session: Session, found: Collection[str], table_id: str) -> None:
    """Add words of products to the table. They stay when the last product with them goes: then they find nothing.

    Words are added in one order, so that two transactions with the same new words cannot deadlock.

    Args:
        session: a session in a writing transaction.
        found: the words; those that are not kept are ignored.
        table_id: changes when the table was emptied.
    """
    known = _known(table_id)
    candidates = sorted(word for word in found if word not in known and is_word(word))
    for start in range(0, len(candidates), _CHUNK):
        _add_missing(session, candidates[start : start + _CHUNK], known, table_id)


@lru_cache(maxsize=4)
def _known(_table_id: str) -> set[str]:
    """Return the words that this process has seen in the table: most words of a product are old ones."""
    return set()


def _add_missing(session: Session, candidates: Sequence[str], known: set[str], table_id: str) -> None:
    connection = session.connection()
    rows = [{"entry": key, "word": word} for word in candidates for key in sorted(deletion_keys(word))]
    missing = set(
        connection.execute(_insert_missing(connection.dialect.name), {"found": encode(rows)}).scalars()
    )
    # A rollback takes back what this session has added, so these words are known after its commit.
    added: dict[str, set[str]] = session.info.setdefault(_ADDED, {})
    added.setdefault(table_id, set()).update(missing)
    _learn(known, set(candidates) - added[table_id])


def _learn(known: set[str], words: set[str]) -> None:
    if len(known) < _MAX_REMEMBERED:
        known |= words


@event.listens_for(Session, "after_commit")
def _learn_added(session: Session) -> None:
    if not session.in_nested_transaction():
        for table_id, words in session.info.pop(_ADDED, {}).items():
            _learn(_known(table_id), words)


@event.listens_for(Session, "after_soft_rollback")
def _forget_added(session: Session, _ended: SessionTransaction) -> None:
    session.info.pop(_ADDED, None)


@cache
def _insert_missing(dialect: str) -> TextClause:
    """Return the statement that adds the words that are not in the table yet, and returns them."""
    source = from_item(dialect, "found", {"entry": "text", "word": "text"})
    return text(
        f"""
        INSERT INTO search_word ("key", word) SELECT found.entry, found.word FROM {source}
        WHERE NOT EXISTS (SELECT 1 FROM search_word AS old WHERE old."key" = found.word AND old.word = found.word)
        ON CONFLICT DO NOTHING RETURNING word
        """
    )
