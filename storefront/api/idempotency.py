"""The header `Idempotency-Key`: a repeated request is carried out once and gets the first response again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec
from flask import request
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.api.models import IdempotencyKey
from storefront.api.operations import Parameter
from storefront.api.problems import ProblemError
from storefront.api.tokens import Caller
from storefront.extensions import write_transaction

T = TypeVar("T", bound=msgspec.Struct)
RETENTION = timedelta(days=7)
_KEY = r"^[!-~]{1,255}$"
PARAMETER = Parameter(
    "Idempotency-Key",
    {"type": "string", "pattern": _KEY, "minLength": 1, "maxLength": 255},
    "A name for this request, valid for 7 days: a repeated request is carried out once and gets the same response.",
    "header",
)


def run_once(caller: Caller, work: Callable[[Session], T], *, status: int = 200) -> msgspec.Raw | T:
    """Run the request's work in a transaction; if its key was used before, return the stored result instead.

    Raises:
        ProblemError: 409 if the key was used for another request, or by a request that is still running.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not re.fullmatch(_KEY, key):
        raise ProblemError(400, "The Idempotency-Key must be 1 to 255 visible ASCII characters.")
    now = datetime.now(UTC)
    try:
        with write_transaction() as session:
            if key is None:
                return work(session)
            session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now - RETENTION))
            stored = session.execute(
                select(IdempotencyKey).where(
                    IdempotencyKey.token_id == caller.token_id, IdempotencyKey.key == key
                )
            ).scalar_one_or_none()
            if stored is not None:
                if stored.digest != _digest():
                    raise ProblemError(
                        409, "This Idempotency-Key was used for another request. Choose a new one."
                    )
                return msgspec.Raw(stored.body.encode())
            result = work(session)
            body = msgspec.json.encode(result).decode()
            session.add(
                IdempotencyKey(
                    token_id=caller.token_id,
                    key=key,
                    digest=_digest(),
                    status=status,
                    body=body,
                    created_at=now,
                )
            )
            return result
    except IntegrityError as error:
        if "api_idempotency_key" not in str(error):
            raise
        raise ProblemError(409, "A request with this Idempotency-Key is still running. Try again.") from error


def _digest() -> str:
    """Return a digest of the current request: a key belongs to one request."""
    query = b"?" + request.query_string if request.query_string else b""
    address = f"{request.method}\n{request.path}".encode() + query
    content = address + b"\n" + request.get_data()
    return hashlib.sha256(content).hexdigest()
