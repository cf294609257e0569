"""The list of mutations: security mechanisms, how each is broken, and the tests that have to notice."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

ENTRIES = Path(__file__).parent / "entries"


class EntryError(Exception):
    """An entry of the list is wrong; the text says which and how to repair it."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One way to break one mechanism.

    Attributes:
        name: the mechanism, for the table and to select the entry.
        file: the file to change, relative to the checkout.
        old: the text to replace. It must occur exactly once.
        new: the text instead, without the mechanism. It must be valid code.
        tests: arguments for pytest: the tests that have to fail.
    """

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def apply(self, checkout: Path) -> str:
        """Return the file's text with the mechanism broken.

        Raises:
            EntryError: the text to replace does not occur exactly once.
        """
        path = checkout / self.file
        text = path.read_text() if path.is_file() else ""
        if (count := text.count(self.old)) != 1:
            raise EntryError(
                f"{self.name}: the text to replace occurs {count} times in {self.file}; it has to occur once. "
                "The code has changed: adapt the entry."
            )
        return text.replace(self.old, self.new)

    def digest(self, checkout: Path) -> str:
        """Return a digest of the entry and of the file that it changes."""
        path = checkout / self.file
        code = path.read_bytes() if path.is_file() else b""
        return hashlib.sha256(repr(astuple(self)).encode() + code).hexdigest()


def load_mutations(folder: Path = ENTRIES) -> list[Mutation]:
    """Return the entries of all files of the list.

    Raises:
        EntryError: an entry lacks a field, has an unknown one, changes nothing, or has another entry's name.
    """
    found: dict[str, Mutation] = {}
    wanted = {field.name for field in fields(Mutation)}
    for file in sorted(folder.glob("*.toml")):
        for row in tomllib.loads(file.read_text())["mutation"]:
            name = row.get("name", "an entry without a name")
            if row.keys() != wanted:
                raise EntryError(f"{file.name}: {name} must have the fields {', '.join(sorted(wanted))}.")
            if name in found or row["old"] == row["new"]:
                raise EntryError(f"{file.name}: {name} changes nothing, or has the name of another entry.")
            found[name] = Mutation(**row | {"tests": tuple(row["tests"])})
    return list(found.values())


def select(mutations: Iterable[Mutation], words: Sequence[str]) -> list[Mutation]:
    """Return the mutations whose name or file contains one of the words; all of them without a word.

    Raises:
        EntryError: a word selects nothing.
    """
    every = list(mutations)
    for word in words:
        if not any(word in f"{one.name} {one.file}" for one in every):
            raise EntryError(f"No mutation has {word!r} in its name or its file.")
    return [one for one in every if not words or any(word in f"{one.name} {one.file}" for word in words)]
