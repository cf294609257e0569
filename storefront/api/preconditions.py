"""`If-Match` (RFC 9110, 13.1.1): a change of what somebody else has changed meanwhile is refused."""

from __future__ import annotations

import msgspec
from flask import request

from storefront.api import operations
from storefront.api.problems import ProblemError
from storefront.api.product_writer import Precondition
from storefront.api.schemas import Product
from storefront.cache import etags, responses


def if_match_precondition() -> Precondition:
    """Return what refuses the current request with 412, unless the product is still one of those that it names."""
    given = request.headers.get("If-Match")

    def check(public: Product | None, private: Product) -> None:
        if given is None or given.strip() == "*":
            return
        present = {etags.compute_digest(msgspec.json.encode(private))}
        if public is not None:
            response = operations.public_response(public)
            present.add(etags.compute_digest(response.get_data(), responses.encode_head(response)))
        if not etags.parse_if_match(given) & present:
            raise ProblemError(
                412, "The product has changed since. Read it again, and send what is to become of it now."
            )

    return check
