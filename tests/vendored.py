"""`make vendored`: fetch the published files of the libraries that the shop's pages load, each by its digest.

To update one, write its new version and integrity into LIBRARIES (`npm view NAME@VERSION dist.integrity`), run this,
read the library's list of changes, and run the tests of `tests/browser`.
"""

from __future__ import annotations

import base64
import hashlib
import io
import sys
import tarfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
REGISTRY = "https://registry.npmjs.org"
TIMEOUT = 30  # seconds


@dataclass(frozen=True)
class Library:
    """A release on npm: its name, version, integrity (Subresource Integrity of the archive), and its files here.

    `files` has, by the path below the repository, the path in the archive and the SHA-256 digest.
    """

    name: str
    version: str
    integrity: str
    files: dict[str, tuple[str, str]]


LIBRARIES = (
    Library(
        "squire-rte",
        "2.4.8",
        "sha512-pUp+LhZf2cUlhRKnD40DopUCdhmHlYUF7zGYqOBr8I/tQk/qZie/nXQ1DQcKlXqlr8Bw16TpE/7LQWxUeVrFNg==",
        {
            "static/js/vendor/squire-rte/squire.js": (
                "package/dist/squire.mjs",
                "3132eacfad97dfaa120fa02f46d65d7f8d15e52b7fbe04387d763f20eba90ef2",
            ),
            "static/js/vendor/squire-rte/LICENSE.txt": (
                "package/LICENSE",
                "dfc8ece415ad5f0d71c5d40165465854e087ac3f4e150fa25bd169b4b48cad69",
            ),
        },
    ),
)


def fetch(library: Library) -> dict[str, bytes]:
    """Return the library's files by their paths below the repository.

    Raises:
        SystemExit: the archive is not the one whose integrity the table names.
    """
    file = f"{library.name.rpartition('/')[2]}-{library.version}.tgz"
    with urllib.request.urlopen(f"{REGISTRY}/{library.name}/-/{file}", timeout=TIMEOUT) as answer:
        archive = answer.read()
    found = "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()
    if found != library.integrity:
        raise SystemExit(
            f"{file} has the integrity {found}; the table names another one. Nothing was written."
        )
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        members = {path: tar.extractfile(inside) for path, (inside, _) in library.files.items()}
        return {path: member.read() for path, member in members.items() if member}


def main() -> int:
    """Write the files of all libraries; return 1 if a digest in the table has to be corrected."""
    status = 0
    for library in LIBRARIES:
        for path, body in fetch(library).items():
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_bytes(body)
            digest = hashlib.sha256(body).hexdigest()
            if digest != library.files[path][1]:
                print(f"{path} has the SHA-256 digest {digest}: write it into the table.")
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
