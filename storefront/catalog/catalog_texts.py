"""The catalogue's texts that can be translated: of products, categories and collections, and the words of options."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from flask import Flask
from sqlalchemy import Text, cast, select, union
from sqlalchemy.orm import Session, undefer

from storefront.catalog import html_sanitiser, search
from storefront.catalog.collection.models import Collection
from storefront.catalog.list_index.stored_facts import load_facts
from storefront.catalog.models import ROOT_PATH, Category, Product, Variant
from storefront.i18n import lazy_gettext
from storefront.text_translations import SourceField, SourceKind, SourceTexts, register_kind
from storefront.text_translations.models import CATEGORY, COLLECTION, MAX_FIELD, OPTION, PRODUCT
from storefront.text_translations.translation_edits import texts_changed
from storefront.unicode_text import clean_line

_BATCH = 500
_DESCRIPTION = SourceField(
    "description_html", lazy_gettext("Description"), html_sanitiser.MAX_LENGTH, is_html=True, is_long=True
)
_SEARCH_ENGINES = (
    SourceField("seo_title", lazy_gettext("Title for search engines")),
    SourceField("seo_description", lazy_gettext("Description for search engines"), 1000, is_long=True),
)
_TITLE, _NAME = SourceField("title", lazy_gettext("Title")), SourceField("name", lazy_gettext("Name"), 255)
# By kind: label, the model, its fields, and its column that names it in files.
_MODELS: dict[str, tuple[str, Any, tuple[SourceField, ...], str]] = {
    PRODUCT: (lazy_gettext("Products"), Product, (_TITLE, _DESCRIPTION, *_SEARCH_ENGINES), "slug"),
    CATEGORY: (lazy_gettext("Categories"), Category, (_NAME, _DESCRIPTION, *_SEARCH_ENGINES), "path"),
    COLLECTION: (lazy_gettext("Collections"), Collection, (_TITLE, _DESCRIPTION, *_SEARCH_ENGINES), "slug"),
}


def init_app(app: Flask) -> None:
    """Offer the texts for translation."""
    for name, (label, _model, fields, _key) in _MODELS.items():
        register_kind(app, SourceKind(name, label, fields, _reader(name), clean_text))
    texts_changed.register(app, _index)
    options = SourceKind(OPTION, lazy_gettext("Options"), None, _read_words, clean_text, has_owners=False)
    register_kind(app, options)


def clean_text(field: str, text: str) -> str:
    """Return a translation as it is stored: formatted text is sanitised, other text is one line."""
    return html_sanitiser.sanitise(text) if field.endswith("_html") else clean_line(text)


def _index(session: Session, kind: str, owner_id: int) -> None:
    """Let searches find the words of a product's translations."""
    if kind == PRODUCT:
        search.write(session, [each.facts.searched_texts() for each in load_facts(session, [owner_id])])


def _reader(kind: str) -> Any:
    _label, model, fields, key = _MODELS[kind]

    def read(session: Session, ids: Sequence[int] | None) -> Iterator[SourceTexts]:
        query = select(model).order_by(model.id)
        if kind != PRODUCT:
            query = query.options(undefer(model.description_html), undefer(model.seo_description))
        if kind == CATEGORY:
            query = query.where(Category.path != ROOT_PATH)
        if kind == COLLECTION:
            query = query.where(Collection.is_present())
        # All texts of a shop are read in batches; of a few owners no cursor stays open if the caller wants one.
        few = ids is not None
        query = query.where(model.id.in_(ids)) if few else query.execution_options(yield_per=_BATCH)
        for row in session.execute(query).scalars():
            texts = {field.name: getattr(row, field.name) for field in fields}
            yield SourceTexts(row.id, getattr(row, key), texts[fields[0].name], texts)

    return read


def _read_words(session: Session, _ids: Sequence[int] | None) -> Iterator[SourceTexts]:
    """Yield the one owner of all option names and values of the shop."""
    options = (Variant.option1, Variant.option2, Variant.option3)
    values = union(*(select(column).where(column != "") for column in options))
    names = select(cast(Product.option_names, Text)).distinct()
    words = set(session.execute(values).scalars())
    for text in session.execute(names).scalars():
        words |= set(json.loads(text))
    known = sorted(word for word in words if word and len(word) <= MAX_FIELD)
    yield SourceTexts(0, "", str(lazy_gettext("Options")), {word: word for word in known})
