"""docs/architecture.md names every room and the layers of the import contract."""

from __future__ import annotations

import re
import tomllib

from tests.processes import ROOT

TEXT = (ROOT / "docs" / "architecture.md").read_text()


def section(heading: str) -> str:
    """Return the text below a heading."""
    return TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_every_room_is_listed_once() -> None:
    rows = [line.split(" | ")[0] for line in section("Rooms").splitlines() if line.startswith("| `")]
    listed = re.findall(r"`storefront/(\w+)(?:/|\.py)`", "\n".join(rows))
    package = ROOT / "storefront"
    rooms = {path.parent.name for path in package.glob("*/__init__.py")}
    modules = {path.stem for path in package.glob("*.py") if not path.stem.startswith("__")}
    assert sorted(listed) == sorted(rooms | modules)


def test_the_layers_are_those_of_the_contract() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    there = [{name for name in re.findall(r"\w+", layer) if f"({name})" not in layer} for layer in layers]
    (drawn,) = re.findall(r"^    (__main__ → .*\n(?: +→ .*\n)*)", section("Rules for imports"), re.M)
    assert [set(re.findall(r"\w+", layer)) for layer in drawn.split("→")[:-1]] == there[:-1]
    assert drawn.split("→")[-1].strip() == "everything else"


def test_the_drawings_name_modules_that_exist() -> None:
    drawings = re.findall(r"```mermaid\n(.*?)```", TEXT, re.S)
    assert len(drawings) == 2
    named = re.findall(r"\b[a-z_]+/[a-z_]+\.py\b", "\n".join(drawings))
    assert len(named) >= 8
    for name in named:
        assert (ROOT / "storefront" / name).exists(), name
    assert drawings[0].count("short cut") == 3
