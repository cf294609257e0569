"""ETags of pages and API answers: how they are computed, and how those in a request are read.

An ETag is `"<digest>-<encoding>-<crc32 of the encoded body>"`. The digest is the same in all encodings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from zlib import crc32

from storefront.cache import keys

_ETAG = re.compile(r'(W/)?"([0-9a-f]{22})-(br|gzip|identity)(?:-[0-9a-f]{8})?"')
_LONGEST_HEADER = 2000
_NO_ETAGS: Mapping[str, str] = {}


def compute_digest(body: bytes, head: bytes = b"") -> str:
    """Return the digest of an answer that is not encoded; `head` is what else distinguishes it (`encode_head`)."""
    return keys.digest(head + body)


def compute_etag(digest: str, encoding: str | None, body: bytes) -> str:
    """Return the strong ETag of an answer in an encoding; `body` is the encoded body.

    Other bytes have another ETag (RFC 9110, 8.8.3), also those of the same page compressed again at a better quality.
    """
    return f'"{digest}-{encoding}-{crc32(body):08x}"' if encoding else f'"{digest}-identity"'


def parse_if_none_match(header: str, encoding: str | None) -> Mapping[str, str]:
    """Return the client's ETags in this encoding, as it wrote them, by their digests.

    Weak comparison (RFC 9110, 13.1.2): proxies weaken an ETag when they compress.
    """
    if not header:
        return _NO_ETAGS
    wanted = encoding or "identity"
    return {found[2]: found[0] for found in _ETAG.finditer(header[:_LONGEST_HEADER]) if found[3] == wanted}


def parse_if_match(header: str) -> set[str]:
    """Return the digests that `If-Match` names, in any encoding; strong comparison (RFC 9110, 13.1.1)."""
    names = (_ETAG.fullmatch(name.strip()) for name in header[:_LONGEST_HEADER].split(","))
    return {found[2] for found in names if found and not found[1]}
