"""The texts of the merchant's pages, the labels of menus, and the announcement, for translation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront import shop_settings
from storefront.catalog import html_sanitiser
from storefront.catalog.catalog_texts import clean_text
from storefront.content.menu_models import MenuItem
from storefront.content.models import MAX_SEO_DESCRIPTION, MAX_TITLE, ContentPage
from storefront.i18n import lazy_gettext
from storefront.shop_settings.translated_texts import ANNOUNCEMENT, CLOSED_TEXT, NOTICE
from storefront.text_translations import SourceField, SourceKind, SourceTexts, register_kind
from storefront.text_translations.models import MENU, PAGE
from storefront.unicode_text import clean_lines

_FIELDS = (
    SourceField("title", lazy_gettext("Title"), MAX_TITLE),
    SourceField("body_html", lazy_gettext("Text"), html_sanitiser.MAX_LENGTH, is_html=True, is_long=True),
    SourceField("seo_title", lazy_gettext("Title for search engines"), MAX_TITLE),
    SourceField(
        "seo_description", lazy_gettext("Description for search engines"), MAX_SEO_DESCRIPTION, is_long=True
    ),
)


_MENU_FIELDS = (SourceField("label", lazy_gettext("Label")),)
_NOTICE_LABEL = lazy_gettext("Notices")
_NOTICES = (
    SourceField(ANNOUNCEMENT, lazy_gettext("Announcement")),
    SourceField(CLOSED_TEXT, lazy_gettext("Closed shop"), 2000, is_long=True),
)


def init_app(app: Flask) -> None:
    """Offer the texts for translation."""
    register_kind(app, SourceKind(PAGE, lazy_gettext("Pages"), _FIELDS, _read, clean_text))
    register_kind(app, SourceKind(MENU, lazy_gettext("Menus"), _MENU_FIELDS, _read_menus, clean_text))
    notice = SourceKind(
        NOTICE, _NOTICE_LABEL, _NOTICES, _read_notices, lambda _field, text: clean_lines(text)
    )
    register_kind(app, replace(notice, has_owners=False, area="settings"))


def _read_notices(_session: Session, _ids: Sequence[int] | None) -> Iterator[SourceTexts]:
    texts = {field.name: getattr(shop_settings.current(), field.name) for field in _NOTICES}
    yield SourceTexts(0, "", str(_NOTICE_LABEL), texts)


def _read_menus(session: Session, ids: Sequence[int] | None) -> Iterator[SourceTexts]:
    """Yield the entries of menus that have a label of their own; the others show the name of their target."""
    query = select(MenuItem).where(MenuItem.label != "").order_by(MenuItem.id)
    if ids is not None:
        query = query.where(MenuItem.id.in_(ids))
    for row in session.execute(query).scalars():
        yield SourceTexts(row.id, str(row.id), row.label, {"label": row.label})


def _read(session: Session, ids: Sequence[int] | None) -> Iterator[SourceTexts]:
    query = select(ContentPage).order_by(ContentPage.id)
    if ids is not None:
        query = query.where(ContentPage.id.in_(ids))
    for row in session.execute(query).scalars():
        yield SourceTexts(
            row.id, row.slug, row.title, {field.name: getattr(row, field.name) for field in _FIELDS}
        )
