"""Read a form as a browser does: its fields with their values, to send it with some of them changed."""

from __future__ import annotations

from html.parser import HTMLParser


class _Fields(HTMLParser):
    """Collects the fields of the first form with a class."""

    def __init__(self, form_class: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._class, self._inside, self._area, self._select = form_class, False, "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = given.get("class") == self._class
        if not self._inside:
            return
        name, kind = given.get("name", ""), given.get("type", "text")
        if tag == "input" and name and (kind not in ("checkbox", "radio") or "checked" in given):
            # Ticked boxes of one name are lines, as the form itself reads them.
            before = f"{self.values[name]}\n" if kind == "checkbox" and name in self.values else ""
            self.values[name] = before + given.get("value", "")
        elif tag == "textarea":
            self._area, self.values[name] = name, ""
        elif tag == "select":
            self._select, self.values[name] = name, ""
        elif tag == "option" and "selected" in given:
            self.values[self._select] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "textarea" and self._area:
            self.values[self._area] = self.values[self._area].removeprefix("\n").replace("\n", "\r\n")
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area] += data


def read_form(page: str, form_class: str = "product-form") -> dict[str, str]:
    """Return the values of a form's fields by name, as a browser would send them."""
    parser = _Fields(form_class)
    parser.feed(page)
    return parser.values
