"""docs/security.md names an existing test for each threat; `make secrets` and `make audit` fail when they should."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "docs" / "security.md").read_text())


def make(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *words], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[name for _, name in NAMED])
def test_every_named_test_exists(file: str, name: str) -> None:
    assert re.search(rf"^def {name}\(", (ROOT / file).read_text(), re.M)


def test_every_threat_names_a_test() -> None:
    text = (ROOT / "docs" / "security.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == len(NAMED) >= 35


def test_a_secret_in_the_repository_is_found(tmp_path: Path) -> None:
    slip = tmp_path / "settings.py"
    slip.write_text(
        'KEY = "' + "AKIA" + "QYLPMN5HHHFPZAM2" + '"\nDATABASE = "postgresql://kim:' + 'hunter2@db/shop"\n'
    )
    found = make("secrets", f"FILES={slip}")
    assert found.returncode != 0
    assert "AWS Access Key" in found.stdout
    assert "Basic Auth Credentials" in found.stdout
    slip.write_text('KEY = os.environ["SECRET_KEY"]\n')
    assert make("secrets", f"FILES={slip}").returncode == 0


def test_an_unknown_package_fails_the_audit(tmp_path: Path) -> None:
    pinned = tmp_path / "requirements.txt"
    pinned.write_text("a-package-that-is-nowhere-at-all==1.0 --hash=sha256:" + "0" * 64 + "\n")
    assert make("audit", f"PINNED={pinned}").returncode != 0
