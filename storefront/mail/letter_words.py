"""The merchant's own words for letters, by letter and language: rows in SQL, read when a letter is composed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from sqlalchemy import String, Text, UniqueConstraint, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from storefront.actors import ChangedBy
from storefront.errors import StorefrontError
from storefront.extensions import Model, UtcDateTime, db
from storefront.i18n import gettext as _

MAX_SUBJECT, MAX_TEXT = 200, 4000  # characters


def _now() -> datetime:
    return datetime.now(UTC)


class LetterWords(ChangedBy, Model):
    """The merchant's words of one letter in one language; an empty text stands for the shop's own words.

    `version` counts the changes, so that two people at once never overwrite each other.
    """

    __tablename__ = "letter_words"

    id: Mapped[int] = mapped_column(primary_key=True)
    letter: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(MAX_SUBJECT), default="")
    opening: Mapped[str] = mapped_column(Text, default="")
    closing: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now, onupdate=_now)

    __table_args__ = (UniqueConstraint("letter", "language", name="uq_letter_words_letter_language"),)

    history_fields: ClassVar[tuple[str, ...]] = ("subject", "opening", "closing")

    @property
    def deletion_name(self) -> str:
        """The name of the letter, and the language."""
        return f"{self.letter} ({self.language})"


class WordsChangedError(StorefrontError):
    """Somebody else has changed the words since the person saw them."""

    status = 409

    def __init__(self) -> None:
        super().__init__(
            _("Somebody else has changed this letter meanwhile. Nothing was saved: compare, then save again.")
        )


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a letter, with placeholders or filled in.

    Attributes:
        subject: the subject line.
        opening: the text above the facts; empty lines set its paragraphs apart.
        closing: the text below them.
        version: of the row that they are from; 0 without one.
    """

    subject: str = ""
    opening: str = ""
    closing: str = ""
    version: int = 0


def find_words(letter: str, language: str) -> Words:
    """Return the merchant's words; empty texts stand for ours. One statement."""
    columns = select(LetterWords.subject, LetterWords.opening, LetterWords.closing, LetterWords.version)
    with db.session.no_autoflush:
        row = db.session.execute(
            columns.where(LetterWords.letter == letter, LetterWords.language == language)
        ).one_or_none()
    return Words(*row) if row else Words()


def list_changed() -> Mapping[str, set[str]]:
    """Return the languages in which a letter has words of the merchant, by letter."""
    is_changed = (LetterWords.subject != "") | (LetterWords.opening != "") | (LetterWords.closing != "")
    found: dict[str, set[str]] = {}
    for row in db.session.execute(select(LetterWords.letter, LetterWords.language).where(is_changed)):
        found.setdefault(row.letter, set()).add(row.language)
    return found


def save_words(session: Session, letter: str, language: str, words: Words) -> None:
    """Save the words of a letter; `words.version` is the version that their author saw.

    Raises:
        WordsChangedError: it is not that version any more.
    """
    query = select(LetterWords).where(LetterWords.letter == letter, LetterWords.language == language)
    row = session.execute(query.with_for_update()).scalar_one_or_none()
    if row is None:
        row = LetterWords(letter=letter, language=language, version=0)
    if row.version != words.version:
        raise WordsChangedError
    row.subject, row.opening, row.closing = words.subject, words.opening, words.closing
    row.version += 1
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:  # another request has just made the row
        raise WordsChangedError from error
