"""Recovery codes: each replaces the second factor once. They are shown when they are made, and stored as digests.

A code has 80 random bits, so a plain digest cannot be reversed, and a new `SECRET_KEY` leaves them valid.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from datetime import UTC, datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from storefront.accounts import queries
from storefront.accounts.second_factor.models import RecoveryCode
from storefront.extensions import db, write_transaction

COUNT = 10
_BYTES = 10  # of each code


def make_codes(session: Session, user_id: int) -> list[str]:
    """Make new codes in the place of the former ones; return them, to be shown once."""
    codes = [_format(base64.b32encode(secrets.token_bytes(_BYTES)).decode()) for _ in range(COUNT)]
    queries.lock_account(session, user_id)  # so that of two requests only the later one's codes are left
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    session.add_all(RecoveryCode(user_id=user_id, digest=_digest(code)) for code in codes)
    return codes


def use_code(user_id: int, code: str) -> bool:
    """Return whether this is an unused code of the account, and use it up."""
    with write_transaction() as session:
        used = session.execute(
            update(RecoveryCode)
            .where(
                RecoveryCode.user_id == user_id,
                RecoveryCode.digest == _digest(code),
                RecoveryCode.used_at.is_(None),
            )
            .values(used_at=datetime.now(UTC))
            .returning(RecoveryCode.id)
        ).all()
    return len(used) == 1


def count_unused(user_id: int) -> int:
    """Return how many codes are left."""
    unused = select(func.count(RecoveryCode.id)).where(
        RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
    )
    return db.session.execute(unused).scalar_one()


def are_of(user_id: int, codes: list[str]) -> bool:
    """Return whether all of these are codes of the account."""
    digests = {_digest(code) for code in codes}
    found = select(func.count(RecoveryCode.id)).where(
        RecoveryCode.user_id == user_id, RecoveryCode.digest.in_(digests)
    )
    return 0 < len(codes) <= COUNT and db.session.execute(found).scalar_one() == len(digests)


def _format(code: str) -> str:
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4)).lower()


def _digest(code: str) -> str:
    """Return the digest of a code as typed: case, spaces, dashes and the look-alikes 0 and 1 do not matter."""
    plain = re.sub(r"[^A-Z0-9]", "", code[:100].upper()).translate(str.maketrans("01", "OI"))
    return hashlib.sha256(plain.encode()).hexdigest()
