"""Readers of settings: each row of the table names its environment variables and one reader."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from storefront.errors import ConfigurationError
from storefront.i18n import gettext as _
from storefront.i18n import quote
from storefront.unicode_text import ascii_digits, is_whole

INSTANCE = "STOREFRONT_INSTANCE_DIR"


@dataclass(frozen=True, slots=True)
class Source:
    """Where settings are read from.

    Attributes:
        environ: the environment variables.
        instance: the instance directory, where defaults are stored.
        known: the names of all settings.
    """

    environ: Mapping[str, str]
    instance: Path
    known: Collection[str]

    @property
    def production(self) -> bool:
        """Whether STOREFRONT_ENV is `production`."""
        return self.environ.get("STOREFRONT_ENV") == "production"

    def get(self, name: str, default: str = "") -> str:
        """Return a variable, or the default if it is empty or not set.

        Raises:
            ConfigurationError: its value holds bytes that are not UTF-8, which no page could show.
        """
        value = self.environ.get(name) or default
        if not is_whole(value):
            raise ConfigurationError(f"{name} holds bytes that are not UTF-8. Write its value as UTF-8.")
        return value

    def refuse_unknown(self) -> None:
        """Raise ConfigurationError for an unknown STOREFRONT_ variable, which is probably a typing error."""
        known = {name for name in self.known if name.startswith("STOREFRONT_")}
        for name in self.environ:
            if not name.startswith("STOREFRONT_") or name in known or name.startswith("STOREFRONT_LIMIT_"):
                continue
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise ConfigurationError(
                f"{name} is not a setting of this shop.{hint} docs/settings.md lists them all."
            )


# Called with the source and the names of the row's variables; raises ConfigurationError.
Reader = Callable[..., Any]


def setting(read: Reader, *names: str, sentence: str = "") -> Any:
    """Return a row of the table: a dataclass field that this reader fills from these variables.

    `sentence` says what the setting is, for those that `flask settings` shows.
    """
    return field(metadata={"read": read, "names": names, "sentence": sentence})


def text(default: str) -> Reader:
    """Return a reader of a text, without any check."""
    return lambda source, name: source.get(name, default)


def optional(source: Source, name: str) -> str | None:
    """Return the text of a variable, or None if it is not set."""
    return source.get(name) or None


def words(source: Source, name: str) -> list[str]:
    """Return a comma-separated list."""
    return [item.strip() for item in source.get(name).split(",") if item.strip()]


def choice(*choices: str, default: str = "") -> Reader:
    """Return a reader that accepts these values only; without a default, the first is the default."""

    def read(source: Source, name: str) -> str:
        value = source.get(name, default or choices[0])
        if value not in choices:
            listed = ", ".join(filter(None, choices))
            text = (
                _("%(name)s is %(typed)s; it must be one of %(listed)s, or not set.")
                if "" in choices
                else _("%(name)s is %(typed)s; it must be one of %(listed)s.")
            )
            raise ConfigurationError(text % {"name": name, "typed": quote(value), "listed": listed})
        return value

    return read


def switch(*, default: bool) -> Reader:
    """Return a reader of `on` or `off`."""
    read = choice("on", "off", default="on" if default else "off")
    return lambda source, name: read(source, name) == "on"


def integer(default: int, *, least: int, most: int) -> Reader:
    """Return a reader of a whole number from `least` to `most`."""

    def read(source: Source, name: str) -> int:
        value = ascii_digits(source.get(name, str(default)).strip())
        if not value.isascii() or not value.isdigit() or len(value) > 9 or not least <= int(value) <= most:
            raise ConfigurationError(
                _(
                    "%(name)s is %(typed)s; it must be a whole number from %(least)d to %(most)d.",
                    name=name,
                    typed=quote(value),
                    least=least,
                    most=most,
                )
            )
        return int(value)

    return read


def pattern(regex: str, sentence: str, *, default: str = "") -> Reader:
    """Return a reader of a text that has to match a regular expression.

    Args:
        regex: matched against the whole value; an empty value is accepted.
        sentence: the error text after the variable's name. It may contain {value} unless the value is a secret.
        default: the value if the variable is not set.
    """

    def read(source: Source, name: str) -> str:
        value = source.get(name, default)
        if value and not re.fullmatch(regex, value):
            raise ConfigurationError(f"{name} {sentence.format(value=value)}")
        return value

    return read


def or_none(read: Reader) -> Reader:
    """Return a reader that gives None instead of an empty value."""
    return lambda source, name: read(source, name) or None


def instance_directory(environ: Mapping[str, str], default: Path) -> Path:
    """Return the directory for this installation's data, creating it if necessary.

    Raises:
        ConfigurationError: the directory cannot be created.
    """
    folder = Path(environ.get(INSTANCE) or default).absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"The directory {folder} cannot be made: {error.strerror}. Name another with {INSTANCE}."
        ) from error
    return folder
