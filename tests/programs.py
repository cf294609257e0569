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
}
_MISSING = " is not installed. On Debian: apt-get install "
_OTHER_NAMES = {"chromium": ("chromium-browser", "google-chrome")}


def search_path() -> str:
    """Return PATH, extended by the directories of system programs that it lacks."""
    directories = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(dict.fromkeys((*directories, *_SYSTEM_DIRECTORIES)))


def find_program(name: str) -> str | None:
    """Return the path of a program, or None. The environment variable CHROMIUM names another Chromium."""
    if name == "chromium" and (chosen := os.environ.get("CHROMIUM")):
        return chosen
    names = (name, *_OTHER_NAMES.get(name, ()))
    return next((found for each in names if (found := shutil.which(each, path=search_path()))), None)


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
    """Return a line for each program that is missing: its Debian package, and how many tests need it."""
    needed = Counter(
        name for item in items for mark in item.iter_markers("needs") for name in dict.fromkeys(mark.args)
    )
    return [
        f"{name} is not installed: {count} {'test is' if count == 1 else 'tests are'} skipped "
        f"(on Debian: apt-get install {_package(name)})"
        for name, count in sorted(needed.items())
        if find_program(name) is None
    ]


def _package(name: str) -> str:
    return _PACKAGES.get(name, name)
