"""The texts of the front page's sections in the further languages, by the section's id: "1a2b3c4d.heading".

A picture of a section is named by its digest, so that a translation stays with it if the pictures change places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask import Flask
from msgspec.structs import replace
from sqlalchemy import literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from storefront import cache
from storefront.catalog import html_sanitiser
from storefront.catalog.catalog_texts import clean_text
from storefront.content.front_page import page_sections
from storefront.content.front_page.models import ONLY_ID, FrontPage
from storefront.content.front_page.page_sections import GridItem, PageSection, SectionPicture
from storefront.extensions import db
from storefront.i18n import gettext as _
from storefront.i18n import lazy_gettext
from storefront.languages import current_locale
from storefront.shop_cache import keys
from storefront.text_translations import SourceField, SourceKind, SourceTexts, register_kind
from storefront.text_translations.models import FRONT_PAGE, TextTranslation

# By the last part of a field's name: its label, and how long its text may be.
_PARTS: Mapping[str, tuple[str, int]] = {
    "heading": (lazy_gettext("Heading"), page_sections.MAX_HEADING),
    "text": (lazy_gettext("Text"), page_sections.MAX_QUOTE),
    "body_html": (lazy_gettext("Text"), html_sanitiser.MAX_LENGTH),
    "author": (lazy_gettext("Who said it"), page_sections.MAX_AUTHOR),
    "button": (lazy_gettext("Text of the button"), page_sections.MAX_BUTTON),
    "alt": (lazy_gettext("Description for people who don’t see it"), page_sections.MAX_ALT),
    "caption": (lazy_gettext("Caption"), page_sections.MAX_CAPTION),
}
_OF_SECTION = ("heading", "text", "body_html", "author", "button")
_Texts = Mapping[str, str]


def init_app(app: Flask) -> None:
    """Offer the texts for translation."""
    label = lazy_gettext("Front page")
    register_kind(app, SourceKind(FRONT_PAGE, label, None, _read, clean_text, find_field, has_owners=False))


def find_field(name: str) -> SourceField | None:
    """Return the field with this name; None if no section has such a text."""
    part = name.rpartition(".")[2]
    if part not in _PARTS:
        return None
    label, most = _PARTS[part]
    return SourceField(name, label, most, is_html=part == "body_html", is_long=part in ("body_html", "text"))


def read_sections(column: InstrumentedAttribute[Any]) -> tuple[str | None, _Texts]:
    """Return the draft or the published sections as they are stored, and their texts in the present language.

    One statement.
    """
    query: Any = select(literal("").label("field"), column.label("text")).where(FrontPage.id == ONLY_ID)
    if locale := current_locale():
        cache.depends_on(keys.texts_tag(FRONT_PAGE))
        mine = (TextTranslation.kind == FRONT_PAGE) & (TextTranslation.locale == locale)
        query = query.union_all(select(TextTranslation.field, TextTranslation.text).where(mine))
    texts = {row.field: row.text for row in db.session.execute(query)}
    return texts.pop("", None), texts


def translate_section(section: PageSection, texts: _Texts) -> PageSection:
    """Return a section with those of its texts that are translated in their place."""
    if not texts:
        return section
    changed: dict[str, Any] = {
        name: texts[f"{section.id}.{name}"]
        for name in _OF_SECTION
        if hasattr(section, name) and f"{section.id}.{name}" in texts
    }
    if isinstance(section, page_sections.GridSection):
        changed["items"] = tuple(_translate_item(item, section.id, texts) for item in section.items)
    elif (picture := getattr(section, "picture", None)) is not None:
        changed["picture"] = _translate_picture(picture, section.id, texts)
    return replace(section, **changed)


def texts_of(section: PageSection) -> dict[str, str]:
    """Return the texts of a section by field."""
    found = {f"{section.id}.{name}": getattr(section, name, "") for name in _OF_SECTION}
    for picture in page_sections.pictures_of(section):
        found[_name(section.id, picture, "alt")] = picture.alt
    if isinstance(section, page_sections.GridSection):
        found |= {_name(section.id, item.picture, "caption"): item.caption for item in section.items}
    return {name: text for name, text in found.items() if text}


def _name(section_id: str, picture: SectionPicture, part: str) -> str:
    return f"{section_id}.{picture.digest[:16]}.{part}"


def _translate_item(item: GridItem, section_id: str, texts: _Texts) -> GridItem:
    caption = texts.get(_name(section_id, item.picture, "caption"), item.caption)
    return replace(item, picture=_translate_picture(item.picture, section_id, texts), caption=caption)


def _translate_picture(picture: SectionPicture, section_id: str, texts: _Texts) -> SectionPicture:
    return replace(picture, alt=texts.get(_name(section_id, picture, "alt"), picture.alt))


def _read(session: Session, _ids: Sequence[int] | None) -> Iterator[SourceTexts]:
    """Yield the one owner of all texts: those of the draft, then those of published sections that it has no more."""
    row = session.execute(select(FrontPage.draft, FrontPage.published)).one_or_none()
    stored = [page_sections.decode(text) for text in row or () if text]
    texts: dict[str, str] = {}
    labels: dict[str, str] = {}
    sections = {section.id: section for sections in reversed(stored) for section in sections}
    order = dict.fromkeys(section.id for sections in stored for section in sections)
    for number, section in enumerate((sections[each] for each in order), start=1):
        for name, text in texts_of(section).items():
            field = find_field(name)
            texts[name] = text
            labels[name] = _("Section %(number)d: %(label)s", number=number, label=str(field and field.label))
    yield SourceTexts(0, "", _("Front page"), texts, labels)
