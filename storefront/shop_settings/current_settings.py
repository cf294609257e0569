"""The settings as they are now: read through the cache, so that a change is seen at once on every worker.

A warm read takes neither SQL nor a round trip to Redis. If neither can be asked, the last known settings are used.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from flask import Flask, current_app, has_request_context, request
from sqlalchemy import Select, literal, select, union_all
from sqlalchemy.exc import SQLAlchemyError

from storefront import cache, languages
from storefront.app_state import AppState
from storefront.cache.keys import STALE
from storefront.config import ShopSettings
from storefront.config.shop import read_text
from storefront.errors import ConfigurationError
from storefront.extensions import db, is_writing
from storefront.languages import current_locale
from storefront.shop_cache import keys
from storefront.shop_settings.models import ShopDocument, ShopSetting
from storefront.shop_settings.translated_texts import TEXT, StoredTexts, collect_texts, select_texts

log = logging.getLogger(__name__)

# Names and texts, sorted by name; a document's name begins with DOCUMENT, a translation's with TEXT.
Rows = tuple[tuple[str, str], ...]
DOCUMENT = "document:"
RETRY = 1.0  # seconds until a read that failed is tried again
_ASKING = 5.0  # seconds that this attempt may take; the others do not wait for it
_ENTRY = keys.shop_settings()
_LOG = languages.Language("en", "en_US")
_MEMO = "storefront.shop_settings"


class _Stored(NamedTuple):
    """The settings, the texts of the stored documents by their names, and translations."""

    settings: ShopSettings
    documents: Mapping[str, str]
    texts: StoredTexts


class _Read(NamedTuple):
    """The result of a read.

    Attributes:
        stored: the settings and documents.
        scope: the write transaction that it belongs to; None in a request.
        build: the build that it belongs to (`cache.innermost_build`).
    """

    stored: _Stored
    scope: object
    build: set[str] | None


@dataclass(slots=True)
class _LastKnown:
    """The stored settings that this process read last, for an outage of both the database and Redis.

    Attributes:
        rows: the settings.
        until: monotonic seconds until which they are used, after a read has failed; 0 if the last read succeeded.
    """

    rows: Rows = ()
    until: float = 0.0


_last_known = AppState[_LastKnown]("shop_settings.last_known")


def init_state(app: Flask) -> None:
    """Give the application its state."""
    _last_known.set(app, _LastKnown())


def current() -> ShopSettings:
    """Return the merchant's settings. What is being built depends on them from now on.

    A request reads them once, and so does a write transaction of a command. Needs an application context. It has to
    be cheap: each text of a page asks for the locale.
    """
    return _read().settings


def current_documents() -> Mapping[str, str]:
    """Like `current`: the texts of the documents that are stored, by name; no further statement is made for them.

    The same object is returned until one of the settings changes.
    """
    return _read().documents


def translate(kind: str, field: str, source: str, *, exact: bool = False) -> str:
    """Return a text of the settings in the present language, else as it is; no further statement is made for it.

    Args:
        kind: of the text (`translated_texts`).
        field: which text of this kind.
        source: the text in the shop's own language.
        exact: whether a translation of an earlier text is left out, since the text is a promise.
    """
    locale = current_locale()
    found = _read().texts.get((locale, kind, field)) if locale else None
    return found.text_for(source, exact=exact) if found else source


def _read() -> _Stored:
    build = cache.innermost_build()
    if build is not None and isinstance(read := build.memory.get(_MEMO), _Stored):
        return read
    memory, scope = _find_memory()
    known: _Read | None = memory.get(_MEMO) if memory is not None else None
    if known is not None and known.scope is scope and known.build is build:
        return known.stored
    rows = _read_rows()
    stored = _combine(rows, _find_given(current_app))
    if memory is not None:
        memory[_MEMO] = _Read(stored, scope, build)
    if build is not None and scope is None:
        build.memory[_MEMO] = stored
    return stored


def current_of(app: Flask) -> ShopSettings:
    """Like `current`, without an application context and cheap enough for each message of a busy channel.

    For values that are not cached: it records no dependency.
    """
    if (known := find_in_memory(app)) is not None:
        return known
    with app.app_context():
        return current()


def find_in_memory(app: Flask) -> ShopSettings | None:
    """Return the settings if this worker has them in its memory, as they are now. It takes no round trip."""
    rows = cache.peek(app, _ENTRY, Rows)
    return None if rows is None else _combine(rows, _find_given(app)).settings


def forget_memo() -> None:
    """Let the request, or the transaction, read the settings again: it has changed them."""
    memory, _ = _find_memory()
    if memory is not None:
        memory.pop(_MEMO, None)
    if (build := cache.innermost_build()) is not None:
        build.memory.pop(_MEMO, None)


def _find_memory() -> tuple[MutableMapping[Any, Any] | None, object]:
    """Return where settings are kept, and for which transaction; no memory outside requests and transactions.

    A process that only waits, such as the one that sends live updates, must not keep what has been changed.
    """
    if has_request_context():
        return request.environ, None
    if db.session.registry.has() and is_writing():
        info = db.session().info
        return info, info["writing"]
    return None, None


def _read_rows() -> Rows:
    last = _last_known.get(current_app)
    if last.until > time.monotonic() and not is_writing():
        cache.depends_on(STALE)
        return last.rows
    if last.until:
        last.until = time.monotonic() + _ASKING
    try:
        last.rows = cache.fetch(_ENTRY, Rows, _load)
        last.until = 0.0
    except SQLAlchemyError as error:
        if is_writing():
            raise  # the transaction is lost
        # The database is away, or not migrated yet. What is built now is not stored.
        db.session().invalidate()
        cache.depends_on(STALE)
        last.until = time.monotonic() + RETRY
        log.warning("The settings cannot be read: %s. The last known ones are used.", type(error).__name__)
    return last.rows


def _load() -> Rows:
    cache.depends_on(keys.SETTINGS)
    with db.session.no_autoflush:
        documents = select(literal(DOCUMENT) + ShopDocument.name, ShopDocument.value)
        parts: list[Select[str, str]] = [
            select(ShopSetting.name, ShopSetting.value),
            documents.where(ShopDocument.value != ""),
        ]
        if (texts := select_texts.find(current_app)) is not None:
            parts.append(texts())
        return tuple(sorted((name, value) for name, value in db.session.execute(union_all(*parts))))


def _find_given(app: Flask) -> tuple[tuple[str, Any], ...]:
    """Return the settings of the environment, by name."""
    return tuple(app.config["SHOP_SETTINGS"].items())


@lru_cache(maxsize=16)
def _combine(rows: Rows, given: tuple[tuple[str, Any], ...]) -> _Stored:
    """Return the settings: those of the environment, then the stored ones, then the defaults; and the documents."""
    values: dict[str, Any] = {}
    documents = {name.removeprefix(DOCUMENT): text for name, text in rows if name.startswith(DOCUMENT)}
    for name, text in rows:
        if name.startswith((DOCUMENT, TEXT)):
            continue
        try:
            # The sentence is for the log; to translate it, the locale would be read from these very settings.
            with languages.use(_LOG):
                values[name] = read_text(name, text)
        except ConfigurationError as error:
            log.warning("A stored setting is not used: %s", error)
    return _Stored(ShopSettings.from_values(values | dict(given)), documents, collect_texts(rows))
