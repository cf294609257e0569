"""The CSV file of products that staff load from pages: sent while it is read, with formulas neutralised."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

from flask import stream_with_context
from werkzeug.wrappers import Response

from storefront import shop_settings
from storefront.catalog_files import csv_export
from storefront.sheets.writer import CsvWriter
from storefront.web.private import mark_private

CHUNK = 64 * 1024  # characters that are sent at once


def export_products(product_ids: Iterable[int] | None = None) -> Response:
    """Return the file of all products, or of these, which come in the order of their ids."""
    response = Response(stream_with_context(_stream(product_ids)), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename="products.csv")
    return mark_private(response)


def _stream(product_ids: Iterable[int] | None) -> Iterator[bytes]:
    buffer = io.StringIO()
    written = csv_export.write_products(
        CsvWriter(buffer),
        currency=shop_settings.current().currency,
        vocabulary="current",
        product_ids=product_ids,
    )
    for _product in written:
        if buffer.tell() > CHUNK:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()
