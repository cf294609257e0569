"""The signed tokens in links that are mailed or that an operator passes on. Each is valid for an hour, used once."""

from __future__ import annotations

import msgspec
from flask import current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer

from storefront.errors import StorefrontError
from storefront.i18n import gettext as _
from storefront.web import signing

LIFETIME = 3600  # seconds
_MAX_LENGTH = 4000


class LinkError(StorefrontError):
    """A mailed link is forged, expired or used up."""

    status = 410

    def __init__(self) -> None:
        super().__init__(_("This link has expired, was already used or is incomplete. Request a new one."))


class Registration(msgspec.Struct, frozen=True, tag="registration"):
    """Payload of a registration link. Single use: afterwards the account exists."""

    email: str
    next: str
    exact: str = ""  # the address as it was typed; links of earlier releases have none


class PasswordReset(msgspec.Struct, frozen=True, tag="reset"):
    """Payload of a password reset link. Single use: a new password increases the account's generation."""

    user_id: int
    generation: int


class EmailChange(msgspec.Struct, frozen=True, tag="change"):
    """Payload of a link that confirms a new e-mail. Single use: the change increases the account's generation."""

    user_id: int
    generation: int
    email: str
    exact: str = ""


class SecondFactorReset(msgspec.Struct, frozen=True, tag="second-factor"):
    """Payload of an operator's link for a person without their second factor. Single use, by the generation."""

    user_id: int
    generation: int


LinkPayload = Registration | PasswordReset | EmailChange | SecondFactorReset
_decoder = msgspec.json.Decoder(LinkPayload)


def sign(payload: LinkPayload) -> str:
    """Return the token for a link with this payload."""
    return str(_signer().dumps(msgspec.json.encode(payload).decode()))


def read_registration(token: str) -> Registration:
    """Return the payload of a registration link; raises LinkError."""
    if isinstance(payload := _read(token), Registration):
        return payload
    raise LinkError


def read_password_reset(token: str) -> PasswordReset:
    """Return the payload of a password reset link; raises LinkError."""
    if isinstance(payload := _read(token), PasswordReset):
        return payload
    raise LinkError


def read_email_change(token: str) -> EmailChange:
    """Return the payload of a link that confirms a new e-mail; raises LinkError."""
    if isinstance(payload := _read(token), EmailChange):
        return payload
    raise LinkError


def read_second_factor_reset(token: str) -> SecondFactorReset:
    """Return the payload of an operator's link for a new second factor; raises LinkError."""
    if isinstance(payload := _read(token), SecondFactorReset):
        return payload
    raise LinkError


def _read(token: str) -> LinkPayload:
    if len(token) > _MAX_LENGTH:
        raise LinkError
    try:
        payload: LinkPayload = _decoder.decode(_signer().loads(token, max_age=LIFETIME))
    except (BadSignature, msgspec.MsgspecError) as error:
        raise LinkError from error
    return payload


def _signer() -> URLSafeTimedSerializer:
    return signing.create_timed_serializer(current_app, "mailed-link")
