"""The base of all forms: cleans what was typed and collects a sentence for each field that is not valid."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from werkzeug.datastructures import MultiDict

from storefront import moments
from storefront.i18n import gettext as _
from storefront.unicode_text import clean_line, compose, is_invisible, read_whole_number


class Form:
    """A submitted form.

    Attributes:
        values: the value of each field as the form shows it again. Passwords are never in it.
        errors: a sentence for each field that is not valid; under the key "" a sentence about the whole form.
    """

    def __init__(
        self, typed: Mapping[str, str] | None = None, *, values: Mapping[str, str] | None = None
    ) -> None:
        self._typed = typed or {}
        self.values: dict[str, str] = dict(values or {})
        self.errors: dict[str, str] = {}

    @property
    def first_wrong(self) -> str | None:
        """The name of the first field with an error: the page opens there. None if no field has one."""
        return next((name for name in self.errors if name), None)

    def typed(self, name: str) -> str:
        """Return what was typed into a field, unchanged; empty if the field is missing."""
        return self._typed.get(name, "")

    def version(self, name: str) -> int:
        """Return the version from which the form was made; -1, which nothing has, if it is missing or forged."""
        number = read_whole_number(self.typed(name), most_digits=9)
        return -1 if number is None else number

    def typed_values(self, name: str) -> list[str]:
        """Return what each of several fields of one name holds, such as ticked boxes; none if they are missing."""
        if isinstance(self._typed, MultiDict):
            return self._typed.getlist(name)
        return [self._typed[name]] if name in self._typed else []

    def is_sent(self, name: str) -> bool:
        """Return whether the form has this field at all: absent is not empty."""
        return name in self._typed

    def text(self, name: str, label: str, *, most: int, required: bool = True) -> str:
        """Return one line of at most `most` characters, without control characters."""
        line = clean_line(compose(self.typed(name)[: most * 8])[: most * 4])
        if is_invisible(line):
            line = ""
        self.values[name] = line[:most]
        if required and not line:
            self.errors[name] = _("Enter %(label)s.", label=label)
        elif len(line) > most:
            self.errors[name] = (
                _("Use up to %(most)d characters for %(label)s.", label=label, most=most)
                if label
                else _("Use up to %(most)d characters.", most=most)
            )
        return line[:most]

    def lines(self, name: str, *, most: int) -> str:
        """Return a text of several lines as it was typed; the form shows at most `most` characters of it again."""
        # A browser sends line breaks as CR LF (HTML, 4.10.21.3).
        text = self.typed(name).replace("\r\n", "\n").strip()
        self.values[name] = text[:most]
        return text

    def choice(self, name: str, label: str, among: Mapping[str, str]) -> str:
        """Return the chosen key of `among`; empty, with an error, if something else was sent."""
        typed = self.typed(name)
        self.values[name] = typed if typed in among else ""
        if typed not in among:
            self.errors[name] = _("Choose %(label)s.", label=label)
        return self.values[name]

    def moment(self, name: str, label: str) -> datetime | None:
        """Return the moment of a field of the type datetime-local, by the shop's clock; None if it is empty."""
        typed = self.typed(name).strip()
        self.values[name] = typed[:40]
        if not typed:
            return None
        try:
            return moments.parse_minute(typed)
        except ValueError:
            self.errors[name] = _(
                "%(label)s: enter a day and a time of the shop’s clock as %(example)s.",
                label=label,
                example=moments.minute_value(moments.now() + timedelta(days=7)),
            )
            return None

    def ticked(self, name: str) -> bool:
        """Return whether a checkbox is ticked."""
        self.values[name] = "1" if self.typed(name) else ""
        return bool(self.values[name])
