"""The header `If-Match` (RFC 9110, 13.1.1): a change is rejected if the product has changed since it was read."""

from __future__ import annotations

import msgspec
from flask import request

from storefront.api import operations
from storefront.api.problems import ProblemError
from storefront.api.product_changes import Precondition
from storefront.api.schemas import Product
from storefront.cache import etags, responses

IF_MATCH = operations.Parameter(
    "If-Match",
    {"type": "string"},
    "Change the product only if it still has this ETag; otherwise 412.",
    "header",
)


def if_match_precondition() -> Precondition:
    """Return a check that raises a ProblemError (412) unless the product has one of the ETags in `If-Match`."""
    header = request.headers.get("If-Match")

    def check(public: Product | None, private: Product) -> None:
        if header is None or header.strip() == "*":
            return
        current = {etags.compute_digest(msgspec.json.encode(private))}
        if public is not None:
            response = operations.public_response(public)
            current.add(etags.compute_digest(response.get_data(), responses.encode_head(response)))
        if not etags.parse_if_match(header) & current:
            raise ProblemError(
                412, "The product has changed since it was read. Read it again and repeat the change."
            )

    return check
