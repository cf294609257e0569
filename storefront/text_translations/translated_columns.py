"""Read translations with the statement that reads a page. The statements of the shop's own language stay the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Select, SelectBase, SQLColumnExpression, func, literal, null, select
from sqlalchemy.orm import QueryableAttribute, Session

from storefront import cache
from storefront.extensions import db
from storefront.languages import current_locale
from storefront.shop_cache import keys
from storefront.shop_settings.translated_texts import KINDS, TEXT
from storefront.text_translations.models import OPTION, PRODUCT, TextTranslation


def translated(
    column: QueryableAttribute[Any], kind: str, owner_id: SQLColumnExpression[int], name: str
) -> SQLColumnExpression[Any]:
    """Return a column with a text in the present language, else in the shop's own; labelled like the column.

    What is being built depends on the translations of this kind from now on; of products, on the product's own tag.

    Args:
        column: the text in the shop's own language.
        kind: of the owner.
        owner_id: the owner's id, in the statement that gets the column.
        name: the field of the text.
    """
    if not current_locale():
        return column
    return func.coalesce(translation(kind, owner_id, name), column).label(column.key)


def translation(kind: str, owner_id: SQLColumnExpression[int], name: str) -> SQLColumnExpression[str | None]:
    """Return a text in the present language as a column; NULL if it is not translated."""
    locale = current_locale()
    if not locale:
        return null().label(f"{name}_translation")
    if kind != PRODUCT:
        cache.depends_on(keys.texts_tag(kind))
    return (
        select(TextTranslation.text)
        .where(
            TextTranslation.kind == kind,
            TextTranslation.owner_id == owner_id,
            TextTranslation.locale == locale,
            TextTranslation.field == name,
        )
        .scalar_subquery()
        .label(f"{name}_translation")
    )


def fetch_words(words: Iterable[str]) -> Mapping[str, str]:
    """Return the option names and values that are translated into the present language. One statement, or none."""
    wanted = sorted(set(words))
    if not current_locale() or not wanted:
        return {}
    return collect_words(db.session.execute(select_words(wanted)))


def select_words(words: Sequence[str] | SelectBase) -> Select[*tuple[Any, ...]]:
    """Return the query whose rows `collect_words` reads, for a statement that reads more; in a further language.

    Args:
        words: option names and values, or the query that returns them.
    """
    cache.depends_on(keys.texts_tag(OPTION))
    return select(TextTranslation.field, TextTranslation.text).where(
        TextTranslation.kind == OPTION,
        TextTranslation.owner_id == 0,
        TextTranslation.locale == current_locale(),
        TextTranslation.field.in_(words),
    )


def collect_words(rows: Iterable[Row[*tuple[Any, ...]]]) -> Mapping[str, str]:
    """Return translations of option names and values, from the rows of `select_words`."""
    return {row.field: row.text for row in rows}


def select_setting_texts() -> Select[str, str]:
    """Return the statement for the translations of the settings, as `shop_settings.translated_texts` names them."""
    row = TextTranslation
    name = literal(TEXT) + row.source_digest + ":" + row.locale + ":" + row.kind + ":" + row.field
    return select(name, row.text).where(row.kind.in_(KINDS))


def read_owner_texts(
    session: Session, kind: str, owner_ids: Sequence[int]
) -> Mapping[int, Mapping[str, Mapping[str, str]]]:
    """Return all translations of these owners: by owner, locale and field. One statement."""
    rows = session.execute(
        select(
            TextTranslation.owner_id, TextTranslation.locale, TextTranslation.field, TextTranslation.text
        ).where(TextTranslation.kind == kind, TextTranslation.owner_id.in_(owner_ids))
    )
    found: dict[int, dict[str, dict[str, str]]] = {}
    for row in rows:
        found.setdefault(row.owner_id, {}).setdefault(row.locale, {})[row.field] = row.text
    return found
