"""`make vendored`: fetch the published files of the libraries that the shop's pages load, each by its digest.

To update one, write its new version and integrity (`npm view NAME@VERSION dist.integrity`) into vendored.txt, run
this, read the library's list of changes, and run the tests of `tests/browser`.
"""

from __future__ import annotations

import base64
import hashlib
import io
import sys
import tarfile
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
LIST = Path(__file__).with_suffix(".txt")
REGISTRY = "https://registry.npmjs.org"
TIMEOUT = 30  # seconds


@dataclass(frozen=True)
class VendoredFile:
    """A file of a library: where it is in the archive and below the repository, and its SHA-256 digest."""

    inside: str
    path: str
    digest: str


@dataclass(frozen=True)
class Library:
    """A release on npm: its name, version, integrity (Subresource Integrity of the archive), and its files here."""

    name: str
    version: str
    integrity: str
    files: list[VendoredFile] = field(default_factory=list)


def read_list() -> list[Library]:
    """Return the libraries of vendored.txt."""
    libraries: list[Library] = []
    for line in LIST.read_text().splitlines():
        if line.startswith("  "):
            libraries[-1].files.append(VendoredFile(*line.split()))
        elif not line.startswith("#"):
            libraries.append(Library(*line.split()))
    return libraries


def fetch(library: Library) -> dict[str, bytes]:
    """Return the library's files by their paths below the repository.

    Raises:
        SystemExit: the archive is not the one whose integrity the list names.
    """
    file = f"{library.name.rpartition('/')[2]}-{library.version}.tgz"
    with urllib.request.urlopen(f"{REGISTRY}/{library.name}/-/{file}", timeout=TIMEOUT) as answer:
        archive = answer.read()
    found = "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()
    if found != library.integrity:
        raise SystemExit(
            f"{file} has the integrity {found}; the list names another one. Nothing was written."
        )
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        members = {each.path: tar.extractfile(each.inside) for each in library.files}
        return {path: member.read() for path, member in members.items() if member}


def main() -> int:
    """Write the files of all libraries; return 1 if a digest in the list has to be corrected."""
    status = 0
    for library in read_list():
        bodies = fetch(library)
        for each in library.files:
            (ROOT / each.path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / each.path).write_bytes(bodies[each.path])
            digest = hashlib.sha256(bodies[each.path]).hexdigest()
            if digest != each.digest:
                print(f"{each.path} has the SHA-256 digest {digest}: write it into the list.")
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
