"""`Idempotency-Key`: a request that is sent again is answered what it was answered, and done once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

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

RETENTION = timedelta(days=7)
_KEY = r"^[!-~]{1,255}$"
PARAMETER = Parameter(
    "Idempotency-Key", {"type": "string", "pattern": _KEY, "minLength": 1, "maxLength": 255},
    "A name for this request, for 7 days: sent again, it is answered the same and done once.", "header",
)  # fmt: skip


def run_once(caller: Caller, do: Callable[[Session], msgspec.Struct]) -> msgspec.Raw | msgspec.Struct:
    """Do something in a transaction; if the request has a key that was used before, return what it returned then.

    Raises:
        ProblemError: 409, if the key was used for another request, or is being used now.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not re.fullmatch(_KEY, key):
        raise ProblemError(400, "The Idempotency-Key must be 1 to 255 visible ASCII characters.")
    now = datetime.now(UTC)
    try:
        with write_transaction() as session:
            if key is None:
                return do(session)
            session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now - RETENTION))
            kept = session.execute(
                select(IdempotencyKey).where(
                    IdempotencyKey.token_id == caller.token_id, IdempotencyKey.key == key
                )
            ).scalar_one_or_none()
            if kept is not None:
                if kept.digest != _digest():
                    raise ProblemError(
                        409, "This Idempotency-Key was used for another request. Choose a new one."
                    )
                return msgspec.Raw(kept.body.encode())
            done = do(session)
            body = msgspec.json.encode(done).decode()
            session.add(
                IdempotencyKey(
                    token_id=caller.token_id, key=key, digest=_digest(), status=200, body=body, created_at=now
                )
            )
            return done
    except IntegrityError as error:
        if "api_idempotency_key" not in str(error):
            raise
        raise ProblemError(
            409, "A request with this Idempotency-Key is being answered. Try again."
        ) from error


def _digest() -> str:
    told = "\n".join((request.method, request.path)).encode() + b"\n" + request.get_data()
    return hashlib.sha256(told).hexdigest()
