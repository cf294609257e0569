"""Compression dictionaries (RFC 9842): bytes and CPU time of a visitor's second product page, with and without one.

The shop serves none (decision 22): the figures here say what it would gain. Dictionaries are raw content, as browsers
use them, and sizes include the header of `dcz`.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path

from flask import Flask

from benchmarks import shops
from storefront.extensions import db
from storefront.web import compression

PAGES = 40
PRODUCTS = 1000
DCZ_MAGIC = bytes.fromhex("5e2a4d1820000000")  # RFC 9842, 5: the head of a skippable frame of 32 bytes
LEVELS = (3, 19)


def run(*, products: int) -> None:  # noqa: ARG001  # every benchmark is called the same
    """Print a table: each way to compress the second page, and each dictionary for it."""
    with shops.generated(1) as (app, _):
        placeholder = next(_read_pages(app, 1))
    with shops.generated(PRODUCTS) as (app, _):
        first, *others = _read_pages(app, PAGES + 1)
        templates = _read_templates(Path(app.root_path).parent / (app.template_folder or "templates"))
    ways: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
        f"br, quality {quality}": ("–", partial(compression.encode, encoding="br", quality=quality))
        for quality in (5, 11)
    }
    for name, dictionary, is_extra in (
        ("the templates' texts", templates, True),
        ("a page of a shop with one product", placeholder, True),
        ("the first product page", first, False),
    ):
        download = f"{len(compression.encode(dictionary, 'br', quality=11)):,}" if is_extra else "0"
        for level in LEVELS:
            ways[f"dcz, level {level}: {name}"] = (download, _make_dcz(dictionary, level, sample=first))
    seen = {name: _measure(encode, others) for name, (_, encode) in ways.items()}
    fast, best = (statistics.median(seen[f"br, quality {quality}"][0]) for quality in (5, 11))
    shops.table(
        f"The second product page, {statistics.median(map(len, others)):,.0f} bytes; medians of {PAGES} pages",
        ["how", "bytes", "the largest", "÷ br 5", "÷ br 11", "CPU ms", "dictionary, bytes to load"],
        [
            [
                name,
                f"{statistics.median(sizes):,.0f}",
                f"{max(sizes):,}",
                f"{statistics.median(sizes) / fast:.2f}",
                f"{statistics.median(sizes) / best:.2f}",
                f"{statistics.median(times) * 1e3:.2f}",
                ways[name][0],
            ]
            for name, (sizes, times) in seen.items()
        ],
    )


def _read_pages(app: Flask, count: int) -> Iterator[bytes]:
    """Yield the pages of this many products, which are spread over the catalogue."""
    with app.app_context():
        slugs = db.session.execute(db.text("SELECT slug FROM product ORDER BY id")).scalars().all()
    client = app.test_client()
    for slug in slugs[:: max(1, len(slugs) // count)][:count]:
        answer = client.get(f"/products/{slug}", headers={"Accept-Encoding": "identity"})
        if answer.status_code != 200:
            raise SystemExit(f"/products/{slug} answers {answer.status}")
        yield answer.data


def _read_templates(folder: Path) -> bytes:
    """Return the templates of which product pages are made, one after the other."""
    files = [folder / "catalog" / "product.html"]
    for part in ("layouts", "components"):
        files += sorted((folder / part).rglob("*.html"))
    return b"\n".join(file.read_bytes() for file in files)


def _make_dcz(dictionary: bytes, level: int, *, sample: bytes) -> Callable[[bytes], bytes]:
    """Return a function that encodes a page with this dictionary (RFC 9842, 5); `sample` is a page to try it with."""
    import zstandard  # the other benchmarks run without it

    prepared = zstandard.ZstdCompressionDict(dictionary, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    prepared.precompute_compress(level=level)
    compressor = zstandard.ZstdCompressor(level=level, dict_data=prepared)
    head = DCZ_MAGIC + sha256(dictionary).digest()
    plain = zstandard.ZstdDecompressor(dict_data=prepared).decompress(compressor.compress(sample))
    if plain != sample:
        raise SystemExit("a page that was compressed with a dictionary is another page after decompression")
    return lambda page: head + compressor.compress(page)


def _measure(encode: Callable[[bytes], bytes], pages: list[bytes]) -> tuple[list[int], list[float]]:
    """Return the size of each page and the seconds of CPU that it took."""
    sizes, times = [], []
    for page in pages:
        began = time.process_time()
        body = encode(page)
        times.append(time.process_time() - began)
        sizes.append(len(body))
    return sizes, times
