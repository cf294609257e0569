"""Each file, name, test and heading that a document refers to exists."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from tests.docs.documents import anchors, documents, quoted, texts, tracked
from tests.processes import ROOT

FILES = {str(path.relative_to(ROOT)) for path in tracked()}
FOLDERS = {str(parent) for file in FILES for parent in Path(file).parents}
CODE = "\n".join(text for path, text in texts().items() if path.suffix == ".py")
ROOMS = {Path(file).parts[1].removesuffix(".py") for file in FILES if file.startswith("storefront/")} - {
    "app"
}
# Names of other software that look like ours.
THEIRS = {
    "RateLimit",
    "ServerSideSessionInterface",
    "SharedWorker",
    "BroadcastChannel",
    "NoneType",
    "EventSource",
    "HttpOnly",
}
# A file outside the repository: an installation or a person creates it.
MADE = re.compile(r"instance/|media/|products\.csv|checkout\.toml|build/|<")


def each_document() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))


def resolves(name: str) -> bool:
    """Return whether a dotted name below `storefront` can be imported or read."""
    thing: object = importlib.import_module("storefront")
    path = "storefront"
    for part in name.split("."):
        path = f"{path}.{part}"
        if not hasattr(thing, part) and isinstance(thing, ModuleType):
            try:
                importlib.import_module(path)
            except ImportError:
                return False
        if not hasattr(thing, part):
            return part in getattr(thing, "__annotations__", {})
        thing = getattr(thing, part)
    return True


@each_document()
def test_every_file_that_is_named_exists(document: Path) -> None:
    made = set(re.findall(r"Create `([^`]+)`", texts()[document]))
    for name in quoted(document):
        if name in made or not re.fullmatch(
            r"[\w.@/-]+(?:\.(?:py|lua|toml|conf|yml|yaml|json|md|html|css|js)|/)", name
        ):
            continue
        if MADE.search(name) or name.startswith(("/", ".", "http")):
            continue
        path = name.rstrip("/")
        known = FOLDERS if name.endswith("/") else FILES
        assert path in known or any(file.endswith(f"/{path}") for file in known), name


@each_document()
def test_every_test_that_is_named_exists(document: Path) -> None:
    for file, name in re.findall(r"(tests/[\w/]+\.py)::(\w+)", texts()[document]):
        assert re.search(rf"^ *def {name}\(", (ROOT / file).read_text(), re.M), f"{file}::{name}"


@each_document()
def test_every_function_that_is_named_exists(document: Path) -> None:
    for text in quoted(document):
        found = re.fullmatch(r"@?(?:storefront\.)?([a-z_]\w*(?:\.\w+)+)(?:\(.*\))?", text)
        if found is None or "/" in text or f'"{text}"' in CODE:  # a message has such a name, too
            continue
        name = found[1]
        if name.split(".")[0] in ROOMS and not name.endswith((".py", ".md", ".toml", ".conf", ".lua")):
            assert resolves(name), name


@each_document()
def test_every_class_that_is_named_exists(document: Path) -> None:
    alerts = yaml.safe_load((ROOT / "deploy" / "monitoring" / "alerts.yml").read_text())["groups"]
    known = THEIRS | {rule["alert"] for group in alerts for rule in group["rules"]}
    for text in quoted(document):
        if re.fullmatch(r"[A-Z][a-z]+(?:[A-Z][a-z]+)+", text) and text not in known:
            assert re.search(rf"^ *class {text}\b", CODE, re.M), text


@each_document()
def test_every_link_leads_to_a_heading(document: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)", texts()[document]):
        if "://" in target or target.startswith("mailto:"):
            continue
        file = (document.parent / target).resolve() if target else document
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file), f"{target}#{anchor}"


def test_every_document_that_any_file_names_exists() -> None:
    for path, text in texts().items():
        if path.name == "CHANGELOG.md":
            continue
        for name in re.findall(r"(?<![\w/.*-])((?:\.\./)*[\w-][\w/-]*\.md)\b", text):
            near = (path.parent / name).resolve().exists()
            assert near or any(f"/{file}".endswith(f"/{name}") for file in FILES), (
                f"{path.relative_to(ROOT)} names {name}"
            )
