"""`make wheels`: does every runtime package have a wheel for each platform and each Python that the README names?

It asks the index once for each package (the simple API as JSON, PEP 691), and downloads no package. A wheel counts if
its digest is in requirements.txt. It also looks for packages that another platform needs and the list lacks.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import canonicalize_name, parse_wheel_filename

ROOT = Path(__file__).parent.parent
INDEX = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/")
PYTHONS = ((3, 11), (3, 12), (3, 13), (3, 14))
TIMEOUT, ATTEMPTS, AT_ONCE = 15, 3, 12
# Extras of the packages named in pyproject.toml whose dependencies the list contains.
EXTRAS = ("", "binary", "gevent", "hiredis")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+?)(?:\s*;\s*(.+?))?\s*\\$", re.MULTILINE)
_DIGEST = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True)
class Platform:
    """A platform: its name, the values of its markers, and the platform tags of its wheels, best first."""

    name: str
    system: str
    machine: str
    tags: tuple[str, ...]

    def environment(self, python: tuple[int, int]) -> dict[str, str]:
        """Return the values of markers (PEP 508)."""
        version = ".".join(map(str, python))
        return {
            "sys_platform": self.system,
            "platform_system": {"linux": "Linux", "darwin": "Darwin"}[self.system],
            "platform_machine": self.machine,
            "os_name": "posix",
            "python_version": version,
            "python_full_version": f"{version}.9",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
        }


def _manylinux(machine: str) -> tuple[str, ...]:
    newest = 36  # of glibc in Debian 12; macOS 14 below is the oldest that Apple mends
    return (
        *(f"manylinux_2_{minor}_{machine}" for minor in range(newest, 16, -1)),
        f"manylinux2014_{machine}",
    )


PLATFORMS = (
    Platform("Linux x86-64", "linux", "x86_64", _manylinux("x86_64")),
    Platform("Linux aarch64", "linux", "aarch64", _manylinux("aarch64")),
    Platform("macOS arm64", "darwin", "arm64", tuple(mac_platforms((14, 0), "arm64"))),
    Platform("macOS x86-64", "darwin", "x86_64", tuple(mac_platforms((14, 0), "x86_64"))),
)


@dataclass(frozen=True)
class Pin:
    """A line of the list: a package, its version, where it is needed, and the digests that pip accepts."""

    name: str
    version: str
    marker: str | None
    digests: frozenset[str]

    def is_needed(self, environment: dict[str, str]) -> bool:
        """Return whether the platform of this environment needs it."""
        return self.marker is None or Marker(self.marker).evaluate(environment)


def read_pins(file: Path) -> list[Pin]:
    """Return the packages of a list that pip-compile has written."""
    text = file.read_text()
    found = list(_PIN.finditer(text))
    ends = [match.start() for match in found[1:]] + [len(text)]
    return [
        Pin(
            canonicalize_name(match[1]),
            match[2],
            match[3],
            frozenset(_DIGEST.findall(text, match.end(), end)),
        )
        for match, end in zip(found, ends, strict=True)
    ]


def ask_index(name: str) -> list[tuple[str, str]]:
    """Return the names and digests of a package's files.

    Raises:
        OSError: the index does not answer.
    """
    accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
    for attempt in range(1, ATTEMPTS + 1):
        try:
            request = urllib.request.Request(f"{INDEX}/{name}/", headers=accept)
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                files = json.load(answer)["files"]
            return [(file["filename"], file["hashes"].get("sha256", "")) for file in files]
        except OSError:
            if attempt == ATTEMPTS:
                raise
            time.sleep(attempt)
    raise AssertionError


def has_wheel(files: list[tuple[str, str]], pin: Pin, tags: frozenset[Tag]) -> bool:
    """Return whether one of the files is a wheel of this pin with one of these tags."""
    wheels = [name for name, digest in files if digest in pin.digests and name.endswith(".whl")]
    return any(parse_wheel_filename(name)[3] & tags for name in wheels)


def tags_of(platform: Platform, python: tuple[int, int]) -> frozenset[Tag]:
    """Return the tags of the wheels that pip installs there."""
    own = cpython_tags(python, platforms=platform.tags)
    return frozenset((*own, *compatible_tags(python, f"cp{python[0]}{python[1]}", platform.tags)))


def missing_wheels(pins: list[Pin], files: dict[str, list[tuple[str, str]]]) -> Iterator[str]:
    """Yield a sentence for each package without a wheel for a platform."""
    for platform in PLATFORMS:
        for python in PYTHONS:
            tags, environment = tags_of(platform, python), platform.environment(python)
            for pin in pins:
                if pin.is_needed(environment) and not has_wheel(files[pin.name], pin, tags):
                    version = ".".join(map(str, python))
                    yield f"{pin.name} {pin.version} has no wheel for {platform.name}, Python {version}."


def missing_pins(pins: list[Pin]) -> Iterator[str]:
    """Yield a sentence for each package that a package of the list needs on some platform, and the list lacks."""
    listed = {pin.name for pin in pins}
    for pin in pins:
        for text in metadata.requires(pin.name) or ():
            wanted = Requirement(text)
            name = canonicalize_name(wanted.name)
            if name in listed:
                continue
            for platform in PLATFORMS:
                environments = [platform.environment(python) for python in PYTHONS]
                if any(_applies(wanted, pin, environment) for environment in environments):
                    yield f"{pin.name} needs {name} on {platform.name}, which requirements.txt lacks."


def _applies(wanted: Requirement, pin: Pin, environment: dict[str, str]) -> bool:
    if not pin.is_needed(environment):
        return False
    marker = wanted.marker
    # Extras that nobody asked for are not followed: they are true for the named ones only.
    return marker is None or marker.evaluate({**environment, "extra": ""})


def main() -> int:
    """Print what is missing; return the exit status."""
    pins = read_pins(ROOT / "requirements.txt")
    names = [pin.name for pin in pins]
    try:
        ask_index(names[0])
        with ThreadPoolExecutor(AT_ONCE) as pool:
            files = dict(zip(names, pool.map(ask_index, names), strict=True))
    except OSError as error:
        print(f"Wheels are not checked: {INDEX} does not answer ({error}).")
        return 0
    problems = [*missing_wheels(pins, files), *missing_pins(pins)]
    for sentence in problems:
        print(sentence)
    if not problems:
        print(
            f"All {len(pins)} runtime packages have wheels for {len(PLATFORMS)} platforms and {len(PYTHONS)} Pythons."
        )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
