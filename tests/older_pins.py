"""Adds older versions to the lists of packages, for platforms for which the newest have no wheel.

`make requirements` calls it with the files that pip-compile has written. Where a marker holds, pip takes the older
version; everywhere else the one that pip-compile has chosen. `make wheels` says when a version is missing here.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.wheels import ask_index

_INTEL_MAC = ('sys_platform == "darwin" and platform_machine == "x86_64"',)
_INTEL_MAC += ('sys_platform != "darwin" or platform_machine != "x86_64"',)
_MAC_311 = ('sys_platform == "darwin" and python_version < "3.12"',)
_MAC_311 += ('sys_platform != "darwin" or python_version >= "3.12"',)
# Package, version, and the markers of platforms that get it and of all others. They fit together: each is the newest
# that the others accept. The shop's tests of passkeys, passwords and streams pass with them.
OLDER = (
    ("argon2-cffi-bindings", "25.1.0", *_INTEL_MAC),
    ("cbor2", "5.7.1", *_INTEL_MAC),
    ("cryptography", "48.0.1", *_INTEL_MAC),
    ("gevent", "25.5.1", *_MAC_311),
    ("pyopenssl", "26.2.0", *_INTEL_MAC),
    ("webauthn", "2.8.0", *_INTEL_MAC),
)


def add_older(text: str, digests: dict[str, list[str]]) -> str:
    """Return a list of packages with the older versions, each before the line of its package.

    Args:
        text: the list as pip-compile has written it.
        digests: those of the older versions' files, by package.
    """
    for name, version, there, elsewhere in OLDER:
        line = re.search(rf"^{name}==\S+", text, re.MULTILINE)
        if line is None or line[0] == f"{name}=={version}":
            continue
        hashes = " \\\n".join(f"    --hash=sha256:{digest}" for digest in digests[name])
        older = f"{name}=={version} ; {there} \\\n{hashes}\n"
        text = f"{text[: line.start()]}{older}{line[0]} ; {elsewhere}{text[line.end() :]}"
    return text


def read_digests() -> dict[str, list[str]]:
    """Ask the index for the digests of all files of the older versions."""
    found = {}
    for name, version, _, _ in OLDER:
        begins = re.compile(rf"{name.replace('-', '[-_]')}-{re.escape(version)}(?:-|\.tar)", re.IGNORECASE)
        found[name] = sorted(digest for file, digest in ask_index(name) if begins.match(file))
    return found


def main(files: Iterable[str]) -> None:
    """Rewrite these lists."""
    digests = read_digests()
    for file in map(Path, files):
        file.write_text(add_older(file.read_text(), digests))


if __name__ == "__main__":
    main(sys.argv[1:])
