"""`If-Match` (RFC 9110, 13.1.1): a change of what somebody else has changed meanwhile is refused."""

from __future__ import annotations

import re

import msgspec
from flask import request

from storefront.api.problems import RefusedError
from storefront.api.product_writer import Condition
from storefront.api.schemas import Product
from storefront.cache import keys, responses

_TAG = re.compile(r'"([0-9a-f]{22})-(?:br|gzip|identity)(?:-[0-9a-f]{8})?"')


def condition() -> Condition:
    """Return what refuses the current request with 412, unless the product is still one of those that it names."""
    given = request.headers.get("If-Match")

    def check(public: Product | None, private: Product) -> None:
        if given is None or given.strip() == "*":
            return
        held = {found[1] for tag in given[:2000].split(",") if (found := _TAG.fullmatch(tag.strip()))}
        present = {keys.digest(msgspec.json.encode(private))}
        if public is not None:
            head = responses.Head(200, "application/json", [], "Accept-Encoding, Authorization")
            present.add(keys.digest(msgspec.msgpack.encode(head) + msgspec.json.encode(public)))
        if not held & present:
            raise RefusedError(
                412, "The product has changed since. Read it again, and send what is to become of it now."
            )

    return check
