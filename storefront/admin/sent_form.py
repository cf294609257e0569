"""A form as it was sent, which a page offers to send again. Files are not kept: the page says so."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

from storefront.web.prefix import add_prefix


@dataclass(frozen=True, slots=True)
class SentForm:
    """A form that was sent.

    Attributes:
        path: where to, with the query and with the path that the shop is below.
        fields: names and values, in the order of the form.
        files: the names of the files that were chosen.
    """

    path: str
    fields: list[tuple[str, str]]
    files: list[str]

    @property
    def size(self) -> int:
        """Characters of names and values."""
        return sum(len(name) + len(value) for name, value in self.fields)


def read_sent_form() -> SentForm:
    """Return the form of the current request."""
    return SentForm(
        add_prefix(request.full_path.rstrip("?")),
        list(request.form.items(multi=True)),
        [file.filename for _name, file in request.files.items(multi=True) if file.filename],
    )
