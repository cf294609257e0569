"""Codes of authenticator apps: time-based one-time passwords (RFC 6238) of six digits, new every 30 seconds.

The secret is stored encrypted, with a key derived from `SECRET_KEY`: with another key no code is right any more.
"""

from __future__ import annotations

import base64
import functools
import hmac
import time
from datetime import timedelta

from flask import current_app
from sqlalchemy import update

from storefront import shop_settings
from storefront.accounts import queries
from storefront.accounts.second_factor.models import TotpSecret
from storefront.extensions import db, write_transaction

STEP = 30  # seconds
# A code is accepted this many steps before and after its time: clocks differ.
DRIFT = 1
# How long a secret that was shown may be confirmed.
SET_UP_TIME = timedelta(hours=1)


def offer_secret(user_id: int) -> str:
    """Return a new secret, encrypted for the form that confirms it."""
    import pyotp  # here, because few requests need it

    return _encrypt(user_id, pyotp.random_base32())


def read_offer(user_id: int, offer: str) -> str | None:
    """Return the secret that was offered to this account; None if the form is too old or forged."""
    return _decrypt(user_id, offer, SET_UP_TIME)


def provisioning_uri(secret: str, email: str) -> str:
    """Return the URI that an authenticator app reads from the QR code."""
    import pyotp

    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=shop_settings.current().name)


def draw_qr_code(text: str) -> str:
    """Return a QR code as the data URI of an SVG picture: dark on white, in both colour schemes."""
    import segno

    # Some readers need the quiet zone of four modules (ISO/IEC 18004) in white too.
    return str(segno.make(text, micro=False).svg_data_uri(scale=4, border=4, light="#fff", dark="#000"))


def confirm(user_id: int, offer: str, code: str) -> bool:
    """Store an offered secret, in place of the former one, if the code shows that the app has it."""
    secret = read_offer(user_id, offer)
    step = _find_step(secret, code, 0) if secret else None
    if secret is None or step is None:
        return False
    with write_transaction() as session:
        queries.lock_account(session, user_id)  # a form that was sent twice writes one row
        session.merge(TotpSecret(user_id=user_id, secret=_encrypt(user_id, secret), last_step=step))
    return True


def verify(user_id: int, code: str) -> bool:
    """Return whether this is a code of the account's app that was not used before, and use it up."""
    row = db.session.get(TotpSecret, user_id, populate_existing=True)
    secret = _decrypt(user_id, row.secret) if row else None
    step = _find_step(secret, code, row.last_step) if secret and row else None
    if step is None:
        return False
    with write_transaction() as session:
        used = session.execute(
            update(TotpSecret)
            .where(TotpSecret.user_id == user_id, TotpSecret.last_step < step)
            .values(last_step=step)
            .returning(TotpSecret.user_id)
        ).all()
    return len(used) == 1


def _find_step(secret: str, code: str, after: int) -> int | None:
    """Return the time step whose code this is, if it is later than `after`."""
    import pyotp

    now = int(time.time()) // STEP
    generator = pyotp.HOTP(secret)
    for step in range(now - DRIFT, now + DRIFT + 1):
        if step > after and hmac.compare_digest(generator.at(step).encode(), code.encode()):
            return step
    return None


def _encrypt(user_id: int, secret: str) -> str:
    from cryptography.fernet import Fernet

    return Fernet(_key(current_app.config["SECRET_KEY"])).encrypt(f"{user_id}:{secret}".encode()).decode()


def _decrypt(user_id: int, token: str, within: timedelta | None = None) -> str | None:
    """Return the secret; None if it was encrypted with another key, for another account, or too long ago."""
    from cryptography.fernet import Fernet, InvalidToken

    seconds = int(within.total_seconds()) if within else None
    try:
        text = Fernet(_key(current_app.config["SECRET_KEY"])).decrypt(token.encode(), ttl=seconds).decode()
    except InvalidToken:
        return None
    owner, _colon, secret = text.partition(":")
    return secret if owner == str(user_id) else None


@functools.lru_cache(maxsize=4)
def _key(secret_key: str) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    derived = HKDF(SHA256(), length=32, salt=None, info=b"storefront totp secrets").derive(
        secret_key.encode()
    )
    return base64.urlsafe_b64encode(derived)
