"""Which test modules each test process imports first: a share, as pytest takes as long again to compile a new one.

Without this, all processes of a first run would compile all modules, in the same order and at the same time.
"""

from __future__ import annotations

import importlib
from contextlib import suppress
from pathlib import Path

import pytest

_TESTS = Path(__file__).parent


def import_share(number: int, processes: int) -> None:
    """Import the share of the process with this number. What cannot be imported fails when pytest collects it."""
    for name in name_share(number, processes):
        with suppress(Exception, pytest.skip.Exception):
            importlib.import_module(name)


def name_share(number: int, processes: int) -> list[str]:
    """Return the names of the test modules in the share of the process with this number."""
    files = sorted(_TESTS.rglob("test_*.py"))[number::processes]
    return [".".join(file.relative_to(_TESTS.parent).with_suffix("").parts) for file in files]
