"""The header `If-Match` (RFC 9110, 13.1.1): a change is rejected if its object has changed since it was read."""

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
    "Make the change only if the object still has this ETag; otherwise 412.",
    "header",
)


def if_match_precondition() -> Precondition:
    """Return a check that raises a ProblemError (412) unless the product has one of the ETags in `If-Match`."""

    def check(public: Product | None, private: Product) -> None:
        require_match("product", private, public)

    return check


def require_match(kind: str, private: msgspec.Struct, public: msgspec.Struct | None = None) -> None:
    """Raise a ProblemError (412) unless `If-Match`, if it is sent, names an ETag of an object.

    Args:
        kind: what the object is, for the sentence: "product".
        private: the object as a token that may read all of it gets it now.
        public: the object as callers without a token get it; None if they do not.
    """
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return
    current = {etags.compute_digest(msgspec.json.encode(private))}
    if public is not None:
        response = operations.public_response(public)
        current.add(etags.compute_digest(response.get_data(), responses.encode_head(response)))
    if not etags.parse_if_match(header) & current:
        raise ProblemError(
            412, f"The {kind} has changed since it was read. Read it again and repeat the change."
        )
