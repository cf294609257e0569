"""Tables of the search index beside the documents: which version answers, how far a rebuild is, the known words."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from storefront.extensions import Model


class SearchIndex(Model):
    """One row: which table of documents answers, and which one is being built, each with its version."""

    __tablename__ = "search_index"

    id: Mapped[int] = mapped_column(primary_key=True)
    table_number: Mapped[int]
    version: Mapped[str] = mapped_column(String(40))
    next_table: Mapped[int | None]
    next_version: Mapped[str] = mapped_column(String(40), default="", server_default="")
    words_id: Mapped[str] = mapped_column(String(16), default="", server_default="")  # of the table of words


class SearchRebuild(Model):
    """One row: the last product of a rebuild. Its own table: writers of products need not wait for a batch."""

    __tablename__ = "search_rebuild"

    id: Mapped[int] = mapped_column(primary_key=True)
    last_product_id: Mapped[int] = mapped_column(default=0, server_default="0")


class SearchWord(Model):
    """A word of products, by itself and by what is left without one letter: words one edit apart share a key."""

    __tablename__ = "search_word"

    key: Mapped[str] = mapped_column(String(24), primary_key=True)
    word: Mapped[str] = mapped_column(String(24), primary_key=True)

    __table_args__ = ({"sqlite_with_rowid": False},)
