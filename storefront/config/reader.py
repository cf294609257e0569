"""How settings are read: a row of the table names variables and a reader, and readers of one form are made here."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from storefront.errors import ConfigurationError

INSTANCE = "STOREFRONT_INSTANCE_DIR"


@dataclass(frozen=True, slots=True)
class Given:
    """What there is to read from: the environment, and the directory where defaults live."""

    environ: Mapping[str, str]
    instance: Path
    known: Collection[str]  # the names of all settings

    @property
    def production(self) -> bool:
        """Whether shoppers will come."""
        return self.environ.get("STOREFRONT_ENV") == "production"

    def get(self, name: str, default: str = "") -> str:
        """Return a variable; one that is empty counts as not set."""
        return self.environ.get(name) or default

    def refuse_unknown(self) -> None:
        """Raise ConfigurationError for a variable of ours that means nothing, which is most likely a slip."""
        known = {name for name in self.known if name.startswith("STOREFRONT_")}
        for name in self.environ:
            if not name.startswith("STOREFRONT_") or name in known or name.startswith("STOREFRONT_LIMIT_"):
                continue
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise ConfigurationError(
                f"{name} is not a setting of this shop.{hint} docs/operations.md lists them all."
            )


Reader = Callable[..., Any]  # of what is given and the names of the row; raises ConfigurationError


def setting(read: Reader, *names: str) -> Any:
    """Return a row of the table: the field of a dataclass that is read so from these variables."""
    return field(metadata={"read": read, "names": names})


def text(default: str) -> Reader:
    """Read a text as it is."""
    return lambda given, name: given.get(name, default)


def optional(given: Given, name: str) -> str | None:
    """Read a text, or None if it is not set."""
    return given.get(name) or None


def words(given: Given, name: str) -> list[str]:
    """Read a list, separated by commas."""
    return [item.strip() for item in given.get(name).split(",") if item.strip()]


def choice(*choices: str, default: str = "") -> Reader:
    """Read one of some words; if it is not set, the default, else the first."""

    def read(given: Given, name: str) -> str:
        value = given.get(name, default or choices[0])
        if value not in choices:
            raise ConfigurationError(f"{name} is {value!r}; it must be one of {', '.join(choices)}.")
        return value

    return read


def switch(*, default: bool) -> Reader:
    """Read `on` or `off`."""
    read = choice("on", "off", default="on" if default else "off")
    return lambda given, name: read(given, name) == "on"


def whole(default: int, *, least: int, most: int) -> Reader:
    """Read a whole number within bounds."""

    def read(given: Given, name: str) -> int:
        value = given.get(name, str(default))
        if not value.isascii() or not value.isdigit() or len(value) > 9 or not least <= int(value) <= most:
            raise ConfigurationError(
                f"{name} is {value!r}; it must be a whole number from {least} to {most}."
            )
        return int(value)

    return read


def form(pattern: str, sentence: str, *, default: str = "") -> Reader:
    """Read what has a form; the sentence says which, and may repeat the {value} if that holds no secret."""

    def read(given: Given, name: str) -> str:
        value = given.get(name, default)
        if value and not re.fullmatch(pattern, value):
            raise ConfigurationError(f"{name} {sentence.format(value=value)}")
        return value

    return read


def or_none(read: Reader) -> Reader:
    """Read as another does, or None if it is not set."""
    return lambda given, name: read(given, name) or None


def instance_directory(environ: Mapping[str, str], default: Path) -> Path:
    """Return the directory of this installation's own data, made if it is not there.

    Raises:
        ConfigurationError: it cannot be made.
    """
    folder = Path(environ.get(INSTANCE) or default).absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"The directory {folder} cannot be made: {error.strerror}. Name another with {INSTANCE}."
        ) from error
    return folder
