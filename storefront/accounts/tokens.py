"""What mailed links say: signed, good for an hour, and for one use."""

from __future__ import annotations

import msgspec
from flask import current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer

from storefront.errors import StorefrontError

LIFETIME = 3600  # seconds
_MAX_LENGTH = 4000


class LinkError(StorefrontError):
    """A mailed link is forged, too old, or has done its work."""

    status = 410

    def __init__(self) -> None:
        super().__init__(
            "This link has been used already, is older than an hour, or was cut short on its way. "
            "Ask for a new one."
        )


class Registration(msgspec.Struct, frozen=True, tag="registration"):
    """May open an account with this e-mail. Once, since then there is one."""

    email: str
    next: str


class PasswordReset(msgspec.Struct, frozen=True, tag="reset"):
    """May set a new password. Once, since that makes a new generation."""

    user_id: int
    generation: int


class EmailChange(msgspec.Struct, frozen=True, tag="change"):
    """May make this the account's e-mail. Once, since that makes a new generation."""

    user_id: int
    generation: int
    email: str


LinkPayload = Registration | PasswordReset | EmailChange
_decoder = msgspec.json.Decoder(LinkPayload)


def sign(says: LinkPayload) -> str:
    """Return what goes into the link."""
    return str(_signer().dumps(msgspec.json.encode(says).decode()))


def read_registration(text: str) -> Registration:
    """Return what a link for registering says; raises LinkError."""
    if isinstance(found := _read(text), Registration):
        return found
    raise LinkError


def read_password_reset(text: str) -> PasswordReset:
    """Return what a link for a new password says; raises LinkError."""
    if isinstance(found := _read(text), PasswordReset):
        return found
    raise LinkError


def read_email_change(text: str) -> EmailChange:
    """Return what a link for a new e-mail says; raises LinkError."""
    if isinstance(found := _read(text), EmailChange):
        return found
    raise LinkError


def _read(text: str) -> LinkPayload:
    if len(text) > _MAX_LENGTH:
        raise LinkError
    try:
        says: LinkPayload = _decoder.decode(_signer().loads(text, max_age=LIFETIME))
    except (BadSignature, msgspec.MsgspecError) as error:
        raise LinkError from error
    return says


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="mailed-link")
