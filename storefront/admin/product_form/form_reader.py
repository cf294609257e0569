"""Reads what was typed into the product form: the value of each field, or a sentence that says how to correct it."""

from __future__ import annotations

import re
from typing import Any

from storefront import shop_settings
from storefront.admin.product_form.form_fields import Field, currency, show
from storefront.admin.product_form.product_fields import MAX_TAG, MAX_TAGS
from storefront.catalog.html_sanitiser import MAX_LENGTH, find_excess
from storefront.catalog.models import MOST_FURTHER
from storefront.catalog.slugs import handle_slug
from storefront.change_sets.field_names import STATUSES
from storefront.extensions import moment_text
from storefront.i18n import gettext as _
from storefront.i18n import quote
from storefront.money import Money
from storefront.sheets.numbers import parse_amount
from storefront.stock.inventory import MAX_ON_HAND
from storefront.unicode_text import clean_line, normalize, read_whole_number
from storefront.web.forms import Form

MAX_GRAMS = 10**9
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class ProductForm(Form):
    """The typed fields of a product; `values` are shown again as they were typed if one of them is refused."""

    def read(self, name: str, field: Field) -> Any:
        """Return the value of a field; if it is refused, `errors` has a sentence and the value is unusable."""
        self.values[name] = self.raw(name)
        reader = {
            "line": self._line,
            "html": self._html,
            "text": self._text,
            "tags": self._tags,
            "category": self._category,
            "paths": self._paths,
            "status": self._status,
            "tick": lambda name, _field: bool(self.typed(name)),
            "amount": self._amount,
            "number": self._number,
            "stock": self._stock,
            "slug": self._slug,
            "values": self._values,
            "picture": self._picture,
            "moment": self._moment,
        }[field.kind]
        return reader(name, field)

    def raw(self, name: str) -> str:
        """Return what was typed, with the line ends of our own texts: browsers send CR LF.

        The ticked boxes of one name are the lines of a text.
        """
        return "\n".join(self.typed_values(name)).replace("\r\n", "\n")

    def _line(self, name: str, field: Field) -> str:
        typed = self.raw(name)
        line = self.text(name, str(field.label), most=field.most, required=field.required)
        if name in self.errors:
            self.values[name] = typed  # a text that is too long comes back whole
        return line

    def _text(self, name: str, field: Field) -> str:
        lines = normalize("NFC", _CONTROLS.sub("", self.raw(name))).split("\n")
        text = "\n".join(map(clean_line, lines)).strip()
        if len(text) > field.most:
            self.errors[name] = _(
                "Use up to %(most)d characters for %(label)s.", label=field.label, most=field.most
            )
        return text

    def _html(self, name: str, field: Field) -> str:
        html = _CONTROLS.sub("", self.raw(name))
        if len(html) > MAX_LENGTH:
            self.errors[name] = _(
                "Use up to %(most)d characters for %(label)s.", label=field.label, most=MAX_LENGTH
            )
        elif find_excess(html):
            self.errors[name] = _("The description has too many tags. Paste it as plain text.")
        return html

    def _tags(self, name: str, _field: Field) -> list[str]:
        tags = list(dict.fromkeys(filter(None, map(clean_line, self.raw(name).split(",")))))
        if len(tags) > MAX_TAGS or any(len(tag) > MAX_TAG for tag in tags):
            self.errors[name] = _(
                "Use up to %(count)d tags of up to %(most)d characters.", count=MAX_TAGS, most=MAX_TAG
            )
        return tags

    def _values(self, name: str, field: Field) -> list[str]:
        values = list(dict.fromkeys(filter(None, map(clean_line, self.raw(name).split("\n")))))
        if any(len(value) > field.most for value in values):
            self.errors[name] = _(
                "Use up to %(most)d characters for %(label)s.", label=field.label, most=field.most
            )
        return values

    def _category(self, name: str, _field: Field) -> str | None:
        return self.raw(name).strip() or None

    def _paths(self, name: str, _field: Field) -> list[str]:
        lines = (line.strip().removeprefix("/categories/").strip("/") for line in self.raw(name).split("\n"))
        paths = sorted(set(filter(None, lines)))
        if len(paths) > MOST_FURTHER:
            self.errors[name] = _("Choose up to %(most)d further categories.", most=MOST_FURTHER)
        else:
            self.values[name] = show("paths", paths)
        return paths

    def _status(self, name: str, field: Field) -> str:
        return self.choice(name, str(field.label), STATUSES)

    def _amount(self, name: str, field: Field) -> int | None:
        text, locale = self.raw(name).strip(), shop_settings.current().locale
        if not text and not field.required:
            return None
        try:
            amount = parse_amount(text, locale, currency())
        except ValueError:
            example = Money(129_900, currency()).format_plain(locale)
            self.errors[name] = _("Enter %(label)s as %(example)s.", label=field.label, example=example)
            return None
        self.values[name] = show("amount", amount)
        return amount

    def _moment(self, name: str, field: Field) -> str | None:
        moment = self.moment(name, field.label)
        return moment_text(moment) if moment else None

    def _slug(self, name: str, _field: Field) -> str:
        typed = self.raw(name).strip()
        slug = handle_slug(typed)
        if slug != typed:
            self.errors[name] = _(
                "An address can’t have these characters. You can use %(slug)s.", slug=quote(slug)
            )
        return slug

    def _stock(self, name: str, field: Field) -> int | None:
        """Return what is on hand; None, for stock that is not counted, only if the form showed none."""
        if not self.raw(name).strip() and not field.required:
            return None
        return self._number(name, field)

    def _picture(self, name: str, _field: Field) -> int | None:
        """Return the id of a picture; 0, which no picture has, if the text is not a number."""
        typed = self.raw(name).strip()
        return (read_whole_number(typed, most_digits=18) or 0) if typed else None

    def _number(self, name: str, field: Field) -> int | None:
        number = read_whole_number(self.raw(name), most_digits=10)
        most = MAX_ON_HAND if field.kind == "stock" else MAX_GRAMS
        if number is None or number > most:
            self.errors[name] = _("Enter a whole number from 0 for %(label)s.", label=field.label)
            return None
        return number
