"""Programs of the machine that tests start: where they are, which are missing, and which tests that skips."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterable

import pytest

# Debian keeps nginx and useradd here, and only root has these directories in PATH.
_SYSTEM_DIRECTORIES = ("/usr/local/sbin", "/usr/sbin", "/sbin")
_PACKAGES = {
    "nginx": "nginx-light",
    "varnishd": "varnish varnish-modules",
    "redis-sentinel": "redis-sentinel",
    "systemd-analyze": "systemd",
    "promtool": "prometheus",
    "java": "default-jre-headless",
    "chromium-headless-shell": "chromium chromium-headless-shell",
}
_MISSING = " is not installed. On Debian: apt-get install "
_CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
# The headless shell is Chromium's engine without the browser around it.
_SUBSTITUTES = {"chromium": _CHROMIUMS[1:], "chromium-headless-shell": _CHROMIUMS}
_SLOWER = {"chromium-headless-shell": "twice the processor time in Chromium itself"}


def search_path() -> str:
    """Return PATH, extended by the directories of system programs that it lacks."""
    directories = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(dict.fromkeys((*directories, *_SYSTEM_DIRECTORIES)))


def find_program(name: str) -> str | None:
    """Return the path of a program, or None. The environment variable CHROMIUM names another Chromium."""
    if name.startswith("chromium") and (chosen := os.environ.get("CHROMIUM")):
        return chosen
    return next(filter(None, map(_which, (name, *_SUBSTITUTES.get(name, ())))), None)


def require_program(name: str) -> str:
    """Return the path of a program. Without it the test is skipped; in CI it fails."""
    found = find_program(name)
    if found is None:
        stop = pytest.fail if os.environ.get("CI") else pytest.skip
        stop(f"{name}{_MISSING}{_package(name)}")
    return str(found)


def is_missing_program(reason: str) -> bool:
    """Return whether a test was skipped for this reason: `require_program` did not find a program."""
    return _MISSING in reason


def missing_programs(items: Iterable[pytest.Item]) -> list[str]:
    """Return a line for each program that is missing: how many tests that costs what, and its Debian package."""
    needed = Counter(
        name for item in items for mark in item.iter_markers("needs") for name in dict.fromkeys(mark.args)
    )
    return [
        f"{name} is not installed: {count} {cost} (on Debian: apt-get install {_package(name)})"
        for name, count in sorted(needed.items())
        if (cost := _cost(name, count))
    ]


def _cost(name: str, count: int) -> str:
    """Return what it costs so many tests that a program is missing; empty if it is not."""
    if find_program(name) is None:
        return "test is skipped" if count == 1 else "tests are skipped"
    substituted = name in _SLOWER and not os.environ.get("CHROMIUM") and _which(name) is None
    return f"{'test takes' if count == 1 else 'tests take'} {_SLOWER[name]}" if substituted else ""


def _which(name: str) -> str | None:
    return shutil.which(name, path=search_path())


def _package(name: str) -> str:
    return _PACKAGES.get(name, name)
