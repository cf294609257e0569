"""Forms: what was typed, made ready for use, and a sentence for each field that has to be mended."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from storefront.accounts import emails, passwords


class Form:
    """What was typed into a form.

    Attributes:
        values: by field, as they are shown again; passwords are not among them.
        errors: a sentence by field.
    """

    def __init__(
        self, typed: Mapping[str, str] | None = None, *, values: Mapping[str, str] | None = None
    ) -> None:
        self._typed = typed or {}
        self.values: dict[str, str] = dict(values or {})
        self.errors: dict[str, str] = {}

    @property
    def first_wrong(self) -> str | None:
        """Return the first field that has to be mended, where the page opens."""
        return next((name for name in self.errors if name), None)

    def text(self, name: str, label: str, *, most: int, required: bool = True) -> str:
        """Return a line of text, without what cannot be printed."""
        typed = unicodedata.normalize("NFC", self._typed.get(name, ""))
        line = " ".join("".join(c if c.isprintable() else " " for c in typed[: most * 4]).split())
        self.values[name] = line[:most]
        if required and not line:
            self.errors[name] = f"{label} is missing."
        elif len(line) > most:
            self.errors[name] = f"{label} can have {most} characters at most."
        return line[:most]

    def email(self, name: str = "email") -> str:
        """Return an e-mail address, folded; empty if it is none."""
        typed = self._typed.get(name, "").strip()[: emails.MOST + 2]
        self.values[name] = "".join(c for c in typed if c.isprintable())
        folded = emails.fold(typed)
        if folded is None:
            self.errors[name] = (
                "That is no e-mail address that we can write to. It looks like name@example.com."
                if typed
                else "The e-mail address is missing."
            )
        return folded or ""

    def secret(self, name: str = "password") -> str:
        """Return a password that is to be compared."""
        typed = self._typed.get(name, "")
        if not typed:
            self.errors[name] = "The password is missing."
        return typed

    def new_password(self, name: str, *known: str) -> str:
        """Return a password that is to be used from now on; `known` is what others know of the person."""
        typed = self.secret(name)
        if typed and (weak := passwords.weakness(typed, *known)):
            self.errors[name] = weak
        return typed

    def choice(self, name: str, label: str, among: Mapping[str, str]) -> str:
        """Return one of these keys; empty if it is none of them."""
        typed = self._typed.get(name, "")
        self.values[name] = typed if typed in among else ""
        if typed not in among:
            self.errors[name] = f"Choose one: {label}."
        return self.values[name]

    def ticked(self, name: str) -> bool:
        """Return whether a box is ticked."""
        self.values[name] = "1" if self._typed.get(name) else ""
        return bool(self.values[name])
