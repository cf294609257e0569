"""Signatures of cookies, mailed links and tokens: HMAC-SHA-256, with a key for each purpose (salt).

Earlier versions signed with HMAC-SHA-1. Their signatures are still read, since cookies live for more than a year, and
API tokens and links to orders for as long as they are wanted. No new signature is made like that.
"""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Flask
from itsdangerous import Signer, TimestampSigner, URLSafeSerializer, URLSafeTimedSerializer

_METHOD: dict[str, Any] = {"digest_method": hashlib.sha256}
_FORMER: dict[str, Any] = {"digest_method": hashlib.sha1}


class ShopSigner(Signer):
    """Signs with HMAC-SHA-256, and accepts signatures of earlier versions."""

    def __init__(self, secret: str, salt: str) -> None:
        super().__init__(secret, salt=salt, **_METHOD)
        self._secret, self._salt = secret, salt

    def verify_signature(self, value: str | bytes, sig: str | bytes) -> bool:
        """Return whether the signature is one of this shop, of today or of earlier."""
        if super().verify_signature(value, sig):
            return True
        return Signer(self._secret, salt=self._salt, **_FORMER).verify_signature(value, sig)


def create_signer(app: Flask, salt: str) -> ShopSigner:
    """Return the signer of texts for this purpose."""
    return ShopSigner(app.config["SECRET_KEY"], salt)


def create_timestamp_signer(app: Flask, salt: str) -> TimestampSigner:
    """Return the signer of texts that are valid for seconds; it reads no signature of an earlier version."""
    return TimestampSigner(app.config["SECRET_KEY"], salt=salt, **_METHOD)


def create_serializer(app: Flask, salt: str) -> URLSafeSerializer:
    """Return the serializer of signed values for this purpose."""
    return URLSafeSerializer(
        app.config["SECRET_KEY"], salt=salt, signer_kwargs=_METHOD, fallback_signers=[_FORMER]
    )


def create_timed_serializer(app: Flask, salt: str) -> URLSafeTimedSerializer:
    """Return the serializer of signed values that are too old after a while."""
    return URLSafeTimedSerializer(
        app.config["SECRET_KEY"], salt=salt, signer_kwargs=_METHOD, fallback_signers=[_FORMER]
    )
