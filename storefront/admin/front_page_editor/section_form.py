"""The form of a section: what was typed becomes a section, or each wrong field gets a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from storefront import moments
from storefront.admin.front_page_editor.section_pictures import picture_values, read_picture
from storefront.catalog import html_sanitiser
from storefront.catalog.collection.models import Collection
from storefront.catalog.models import ROOT_PATH, Category
from storefront.content.front_page import page_sections as kinds
from storefront.content.front_page.page_sections import GridItem, PageSection
from storefront.extensions import db
from storefront.i18n import gettext as _
from storefront.i18n import lazy_gettext
from storefront.link_syntax import describe_links, is_link
from storefront.unicode_text import read_whole_number
from storefront.web.forms import Form
from storefront.web.prefix import remove_prefix

SOURCES: Mapping[str, str] = {
    "newest": lazy_gettext("The newest"),
    "best": lazy_gettext("Best sellers of the last 90 days"),
    "category": lazy_gettext("A category"),
    "collection": lazy_gettext("A collection"),
}
SIDES: Mapping[str, str] = {
    "start": lazy_gettext("Picture first, then the text"),
    "end": lazy_gettext("Text first, then the picture"),
}
MOST_CHOICES = 1000  # categories, or collections, in a list to choose from
GRID_PREFIXES = tuple(f"p{number}" for number in range(1, kinds.MOST_PICTURES + 1))


def list_places(source: str) -> dict[str, str]:
    """Return the categories or collections that a row can show: id and name."""
    if source == "category":
        level = Category.path
        query = select(Category.id, level, Category.name).where(level != ROOT_PATH).order_by(level)
        rows = db.session.execute(query.limit(MOST_CHOICES))
        return {str(row.id): "– " * row.path.count("/") + row.name for row in rows}
    found = select(Collection.id, Collection.title).where(Collection.is_present()).order_by(Collection.title)
    return {str(row.id): row.title for row in db.session.execute(found.limit(MOST_CHOICES))}


def read_section(form: Form, kind: str, section_id: str) -> PageSection | None:
    """Return the section that was typed; None if the form has errors."""
    values: dict[str, Any] = {"id": section_id, **_READERS[kind](form)}
    values["shown_from"] = _read_moment(form, "shown_from")
    values["shown_until"] = _read_moment(form, "shown_until")
    begin, end = values["shown_from"], values["shown_until"]
    if begin and end and end <= begin:
        form.errors["shown_until"] = _("The end must be later than the beginning.")
    return None if form.errors else kinds.KINDS[kind](**values)


def values_of(section: PageSection) -> dict[str, str]:
    """Return what the form of a section shows."""
    values = {"heading": section.heading}
    for name in ("text", "author", "button", "link", "body_html", "side", "source", "count"):
        values[name] = str(getattr(section, name, ""))
    if isinstance(section, kinds.ProductsSection) and section.place:
        values[section.source] = str(section.place)
    for name in ("shown_from", "shown_until"):
        moment = getattr(section, name)
        values[name] = moments.minute_value(moment) if moment else ""
    for prefix, picture in zip(GRID_PREFIXES, kinds.pictures_of(section), strict=False):
        values |= picture_values(prefix, picture)
    for prefix, item in zip(GRID_PREFIXES, getattr(section, "items", ()), strict=False):
        values |= {f"{prefix}-caption": item.caption, f"{prefix}-link": item.link}
    return values


def _heading(form: Form, *, required: bool) -> str:
    return form.text("heading", _("a heading"), most=kinds.MAX_HEADING, required=required)


def _read_hero(form: Form) -> dict[str, Any]:
    text = form.text("text", _("a text"), most=kinds.MAX_LEAD, required=False)
    return {
        "heading": _heading(form, required=True),
        "text": text,
        **_button(form),
        "picture": read_picture(form),
    }


def _read_products(form: Form) -> dict[str, Any]:
    heading = _heading(form, required=True)
    source = form.choice("source", _("which products"), SOURCES)
    place = None
    for name, sentence in (("category", _("a category")), ("collection", _("a collection"))):
        form.values[name] = form.typed(name)
        if source == name:
            place = read_whole_number(form.choice(name, sentence, list_places(name)), most_digits=9)
    form.values["count"] = form.typed("count")
    count = read_whole_number(form.typed("count"), most_digits=3) or 0
    if not kinds.LEAST_PRODUCTS <= count <= kinds.MOST_PRODUCTS:
        form.errors["count"] = _(
            "Enter a number from %(least)d to %(most)d.", least=kinds.LEAST_PRODUCTS, most=kinds.MOST_PRODUCTS
        )
    return {"heading": heading, "source": source, "place": place, "count": count}


def _read_story(form: Form) -> dict[str, Any]:
    values = {"heading": _heading(form, required=False), "body_html": _body(form), **_button(form)}
    picture = read_picture(form)
    if picture is None:
        form.errors.setdefault("p1-file", _("Choose a picture."))
    return values | {"side": form.choice("side", _("a side"), SIDES), "picture": picture}


def _read_grid(form: Form) -> dict[str, Any]:
    heading, items = _heading(form, required=False), []
    for prefix in GRID_PREFIXES:
        caption = form.text(f"{prefix}-caption", _("a caption"), most=kinds.MAX_CAPTION, required=False)
        link, picture = _link(form, f"{prefix}-link"), read_picture(form, prefix)
        if picture is not None:
            items.append(GridItem(picture, caption, link))
            if link and not caption and not picture.alt:
                form.errors.setdefault(
                    f"{prefix}-caption", _("A picture that is a link needs a caption, or a description.")
                )
        elif caption or link:
            form.errors.setdefault(f"{prefix}-file", _("Choose a picture."))
    if len(items) < kinds.LEAST_PICTURES and not form.errors:
        form.errors["p1-file"] = _("Choose at least %(least)d pictures.", least=kinds.LEAST_PICTURES)
    return {"heading": heading, "items": tuple(items)}


def _read_quote(form: Form) -> dict[str, Any]:
    text = form.text("text", _("what was said"), most=kinds.MAX_QUOTE)
    return {"text": text, "author": form.text("author", _("a name"), most=kinds.MAX_AUTHOR, required=False)}


def _read_text(form: Form) -> dict[str, Any]:
    return {"heading": _heading(form, required=False), "body_html": _body(form)}


_READERS = {
    "hero": _read_hero,
    "products": _read_products,
    "story": _read_story,
    "grid": _read_grid,
    "quote": _read_quote,
    "text": _read_text,
}


def _body(form: Form) -> str:
    typed = form.lines("body_html", most=html_sanitiser.MAX_LENGTH * 2)
    if not typed and not form.values.get("heading"):
        form.errors["body_html"] = _("Enter a heading or a text.")
    elif len(typed) > kinds.MAX_BODY or html_sanitiser.find_excess(typed):
        form.errors["body_html"] = _("The text is too long, or has too many tags. Shorten it.")
    return "" if "body_html" in form.errors else html_sanitiser.sanitise(typed)


def _button(form: Form) -> dict[str, str]:
    button = form.text("button", _("a text"), most=kinds.MAX_BUTTON, required=False)
    link = _link(form, "link")
    if button and not link:
        form.errors.setdefault("link", _("Enter where the button leads."))
    elif link and not button:
        form.errors["button"] = _("Enter the text of the button.")
    return {"button": button, "link": link}


def _link(form: Form, name: str) -> str:
    link = remove_prefix(form.text(name, _("an address"), most=kinds.MAX_LINK, required=False))
    if link and not is_link(link):
        form.errors[name] = describe_links()
    return link


def _read_moment(form: Form, name: str) -> datetime | None:
    form.values[name] = typed = form.typed(name).strip()[:100]
    if not typed:
        return None
    try:
        return moments.parse_minute(typed)
    except ValueError:
        example = moments.minute_value(datetime.now(UTC) + timedelta(days=7))
        form.errors[name] = _("Enter a day and a time of the shop’s clock as %(example)s.", example=example)
        return None
