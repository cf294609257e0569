"""Guards of the rules for names and English, and of how rooms are built."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.documents import texts
from tests.processes import ROOT

LONGEST_TEST_NAME = 60
MOST_FORMATTER_SKIPS = 10
MOST_MODULES = 778

# Phrases of the private dialect that the code was once written in. Everyday words such as "keep" are fine.
DIALECT = re.compile(
    r"""\b(?:
        lest | whoever | anew | wholly | besides | at\ hand | nobody's | of\ theirs
      | to\ be\ mended | of\ its\ own\ accord
      | (?<!there\ )is\ none(?!\ of) | are\ none(?!\ of) | that\ are\ no | that\ is\ no
      | is\ no\ (?:UTF|price|dict|member)
      | (?:can|could|need)(?:not|\ not)\ be\ told | who\ (?:waits|cannot\ wait|is\ told)
      | what\ (?:cannot|could\ not)\ be | has\ to\ say | how\ to\ mend
    )\b""",
    re.VERBOSE,
)
# This file, which has to name the phrases; history, which stays what it is.
DIALECT_EXCEPTIONS = ("tests/test_conventions.py", "CHANGELOG.md", "docs/decisions/", "migrations/")


# Names that every room may use for a module, since each means the same thing in each room.
CONVENTIONAL_MODULES = {
    "__init__",
    "__main__",
    "cli",
    "cookie",
    "errors",
    "forms",
    "keys",
    "messages",
    "models",
    "queries",
    "responses",
    "state",
    "tokens",
    "views",
}
# Other names that occur twice, with the reason.
REPEATED_MODULES = {
    "checkout": "the room, and the pages of the checkout in it",
    "pages": "the pages of a room that has many, as a package",
    "categories": "api/views has an endpoint module for each resource, named like the resource's room",
    "delivery": "the outbox delivers messages, the checkout goods; both are the field's terms",
    "orders": "api, api/views and checkout: the same thing, read, served and written",
    "products": "api/views has an endpoint module for each resource",
    "reader": "of settings, and of the list index",
    "staff": "staff's pages of stock and of orders",
    "store": "where sessions are stored, and where cached values are",
    "totals": "of a basket and of an order",
    "writer": "of the list index, and of CSV files",
}
REPEATED_CLASSES = {
    "Source": "of a setting's value, and of live updates",
    "VariantStock": "api/schemas.py describes in JSON what stock/stream.py sends",
} | dict.fromkeys(
    ("Category", "Order", "OrderEvent", "OrderLine", "Product", "Variant"),
    "api/schemas.py describes what the model of the same name is in JSON",
)


def python_files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def repeated(names: Iterator[tuple[str, Path]]) -> dict[str, list[str]]:
    """Return the names that occur in several files, with the files."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, path in names:
        found[name].add(str(path.relative_to(ROOT)))
    return {name: sorted(paths) for name, paths in found.items() if len(paths) > 1}


def public_classes() -> Iterator[tuple[str, Path]]:
    for path in python_files("storefront"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield node.name, path


def modules() -> Iterator[tuple[str, Path]]:
    """Yield the modules and packages by their own name."""
    for path in python_files("storefront"):
        yield (path.parent.name if path.name == "__init__.py" else path.stem), path


def test_test_names_have_at_most_60_characters() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in python_files("tests")
        for name in re.findall(r"^\s*(?:async )?def (test_\w+)", path.read_text(), re.M)
        if len(name) > LONGEST_TEST_NAME
    ]
    assert not long, "\n".join(long)


def test_tracked_text_is_plain_english() -> None:
    found = [
        f"{file}:{number}: {match[0]}"
        for path, text in texts().items()
        if not (file := str(path.relative_to(ROOT))).startswith(DIALECT_EXCEPTIONS)
        for number, line in enumerate(text.splitlines(), start=1)
        if (match := DIALECT.search(line))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "sentence",
    ["a name that is none", "Whoever asks", "lest it be lost", "what could not be told", "made anew"],
)
def test_the_dialect_is_recognised(sentence: str) -> None:
    assert DIALECT.search(sentence.lower())


@pytest.mark.parametrize(
    "sentence", ["if row is None:", "it is none of these", "Keep the copy", "told apart"]
)
def test_plain_sentences_are_not_taken_for_the_dialect(sentence: str) -> None:
    assert not DIALECT.search(sentence)


def test_one_module_name_has_one_meaning() -> None:
    unexplained = repeated(modules()).keys() - CONVENTIONAL_MODULES - REPEATED_MODULES.keys()
    assert not {name: files for name, files in repeated(modules()).items() if name in unexplained}


def test_one_class_name_has_one_meaning() -> None:
    found = {
        name: files for name, files in repeated(public_classes()).items() if name not in REPEATED_CLASSES
    }
    assert not found


def test_the_formatter_is_seldom_switched_off() -> None:
    skips = [
        str(path.relative_to(ROOT))
        for path, text in texts().items()
        for line in text.splitlines()
        if path.suffix == ".py" and re.search(r"# fmt: (?:skip|off)$", line)
    ]
    assert len(skips) <= MOST_FORMATTER_SKIPS, "\n".join(skips)


def test_no_comment_breaks_its_statement_into_lines() -> None:
    """The formatter does so when a comment makes a line too long: it belongs above."""
    broken = re.compile(r"\s*[)\]}].*\S  # (?!fmt: |type: |noqa|nosec)")
    assert not [
        f"{path.relative_to(ROOT)}:{number}"
        for path, text in texts().items()
        for number, line in enumerate(text.splitlines(), 1)
        if path.suffix == ".py" and broken.match(line)
    ]


def test_storefront_does_not_grow_without_end() -> None:
    assert len(python_files("storefront")) <= MOST_MODULES


def test_a_room_names_its_key_in_app_extensions_once() -> None:
    """Other code gets the room's typed state from a function of the room."""
    places: dict[str, set[str]] = defaultdict(set)
    for path in python_files("storefront"):
        for key in re.findall(r"\bextensions(?:\[|\.get\(|\.setdefault\()\"(\w+)\"", path.read_text()):
            places[key].add(str(path.relative_to(ROOT)))
    assert not {key: sorted(files) for key, files in places.items() if len(files) > 1}
