"""Passkeys: WebAuthn credentials (W3C, level 2), checked by py_webauthn.

The relying party is the shop's canonical host, so a passkey works there and on its subdomains. Each use requires that
the authenticator verifies its user (PIN, fingerprint, face), so a passkey alone is two factors.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import current_app, request
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from storefront import shop_settings
from storefront.accounts import queries
from storefront.accounts.models import User
from storefront.accounts.second_factor import challenges
from storefront.accounts.second_factor.models import Passkey
from storefront.errors import StorefrontError
from storefront.extensions import db, write_transaction
from storefront.i18n import gettext as _
from storefront.web import hosts
from storefront.web.same_origin import get_origin

if TYPE_CHECKING:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

MAX_PASSKEYS = 20  # for each account
MAX_LENGTH = 20_000  # characters of a browser's answer
# What py_webauthn and json raise for answers that no browser makes.
_MALFORMED = (ValueError, KeyError, TypeError, RecursionError)


class PasskeyError(StorefrontError):
    """A passkey was refused."""

    status = 422

    def __init__(self, message: str = "") -> None:
        super().__init__(
            message or _("We couldn’t check this passkey. Reload the page and try again, or use a code.")
        )


def are_available() -> bool:
    """Return whether passkeys work on the host of the current request."""
    return _origin() is not None


def main_address() -> str:
    """Return the address of the shop under which passkeys work; empty if the shop has only an IP address."""
    party, origin = _relying_party(), urlsplit(get_origin())
    if not _is_name(party):
        return ""
    return f"{origin.scheme}://{party}" + (f":{origin.port}" if origin.port else "")


def list_passkeys(user_id: int) -> Sequence[Passkey]:
    """Return the passkeys of an account, the oldest first."""
    return (
        db.session.execute(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id))
        .scalars()
        .all()
    )


def registration_options(user: User) -> str:
    """Return the options with which a browser makes a passkey, as JSON."""
    import webauthn  # here, because it is heavy and few requests need it
    from webauthn.helpers import structs

    options = webauthn.generate_registration_options(
        rp_id=_relying_party(),
        rp_name=shop_settings.current().name,
        user_id=_user_handle(user.id),
        user_name=user.email,
        user_display_name=user.name or user.email,
        challenge=challenges.issue("register", user.id),
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.PREFERRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(user.id),
    )
    return webauthn.options_to_json(options)


def register(user_id: int, answer: str, name: str) -> None:
    """Add the passkey that a browser has made.

    Raises:
        PasskeyError: the answer is not valid, or the account has too many passkeys.
    """
    import webauthn
    from webauthn.helpers import bytes_to_base64url
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        credential = webauthn.helpers.parse_registration_credential_json(answer[:MAX_LENGTH])
        challenge = _read_challenge(credential.response.client_data_json)
        challenges.check(challenge, "register", user_id)
        verified = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=_relying_party(),
            expected_origin=_origin() or "",
            require_user_verification=True,
        )
        transports = [str(one.value) for one in credential.response.transports or []]
        with write_transaction() as session:
            challenges.use_up(session, challenge)
            queries.lock_account(session, user_id)
            mine = select(func.count(Passkey.id)).where(Passkey.user_id == user_id)
            if session.execute(mine).scalar_one() >= MAX_PASSKEYS:
                raise PasskeyError(
                    _("You can have up to %(count)d passkeys. Remove one first.", count=MAX_PASSKEYS)
                )
            session.add(
                Passkey(
                    user_id=user_id,
                    credential_id=bytes_to_base64url(verified.credential_id),
                    public_key=verified.credential_public_key,
                    sign_count=verified.sign_count,
                    name=name,
                    transports=transports,
                )
            )
    except (WebAuthnException, challenges.ChallengeError, IntegrityError, *_MALFORMED) as error:
        raise PasskeyError from error


def proof_options(user_id: int | None) -> str | None:
    """Return the options with which a browser proves that it has a passkey, as JSON (WebAuthn, 5.1.8).

    Without an account the person chooses among the passkeys that their browser has for this shop. Written without
    py_webauthn, since the sign-in page carries them. Returns None on a host where passkeys do not work, and for an
    account that has none.
    """
    known = list_passkeys(user_id) if user_id is not None else []
    if not are_available() or (user_id is not None and not known):
        return None
    options = {
        "challenge": base64.urlsafe_b64encode(challenges.issue("prove", user_id)).decode().rstrip("="),
        "rpId": _relying_party(),
        "timeout": int(challenges.LIFETIME.total_seconds() * 1000),
        "userVerification": "required",
        "allowCredentials": [
            {"type": "public-key", "id": one.credential_id, "transports": one.transports} for one in known
        ],
    }
    return json.dumps(options)


def verify(answer: str, user_id: int | None) -> int:
    """Check a browser's proof; return the account of the passkey.

    Args:
        answer: of the browser, as JSON.
        user_id: the account for which the options were made; None for a sign-in by passkey alone.

    Raises:
        PasskeyError: the proof is not valid, or the passkey is not of this account.
    """
    import webauthn
    from webauthn.helpers import bytes_to_base64url
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        credential = webauthn.helpers.parse_authentication_credential_json(answer[:MAX_LENGTH])
        challenge = _read_challenge(credential.response.client_data_json)
        challenges.check(challenge, "prove", user_id)
        known = select(Passkey).where(Passkey.credential_id == bytes_to_base64url(credential.raw_id))
        passkey = db.session.execute(known).scalar_one_or_none()
        if passkey is None or user_id not in (None, passkey.user_id):
            raise PasskeyError
        passkey_id, owner, before = passkey.id, passkey.user_id, passkey.sign_count
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=_relying_party(),
            expected_origin=_origin() or "",
            credential_public_key=passkey.public_key,
            credential_current_sign_count=before,
            require_user_verification=True,
        )
        with write_transaction() as session:
            challenges.use_up(session, challenge)
            moved = session.execute(
                update(Passkey)
                .where(Passkey.id == passkey_id, Passkey.sign_count == before)
                .values(sign_count=verified.new_sign_count, last_used_at=datetime.now(UTC))
                .returning(Passkey.id)
            ).all()
            if not moved:  # another use moved the counter meanwhile: perhaps a copied authenticator
                raise PasskeyError
    except (WebAuthnException, challenges.ChallengeError, *_MALFORMED) as error:
        raise PasskeyError from error
    return owner


def _read_challenge(client_data: bytes) -> bytes:
    from webauthn.helpers import parse_client_data_json

    return parse_client_data_json(client_data).challenge


def _descriptors(user_id: int) -> list[PublicKeyCredentialDescriptor]:
    from webauthn.helpers import base64url_to_bytes, structs

    known = {one.value: one for one in structs.AuthenticatorTransport}
    return [
        structs.PublicKeyCredentialDescriptor(
            id=base64url_to_bytes(passkey.credential_id),
            transports=[known[name] for name in passkey.transports if name in known],
        )
        for passkey in list_passkeys(user_id)
    ]


def _user_handle(user_id: int) -> bytes:
    """Return the id of an account for authenticators: it differs between two shops on one host."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.digest(key, f"passkey user {user_id}".encode(), "sha256")


def _relying_party() -> str:
    host = urlsplit(get_origin()).hostname or ""
    # WebAuthn needs a domain: at this machine it is localhost, which browsers trust without TLS.
    return "localhost" if current_app.config["ENV"] != "production" and hosts.is_loopback(host) else host


def _origin() -> str | None:
    """Return the origin of the current request, if the relying party's passkeys are for it."""
    party, own = _relying_party(), urlsplit(f"//{request.host}").hostname or ""
    if own != party and not own.endswith(f".{party}"):
        return None
    if not _is_name(party):
        return None
    scheme = "https" if current_app.config["ENV"] == "production" else request.scheme
    return f"{scheme}://{request.host}"


def _is_name(host: str) -> bool:
    """Return whether a host is a domain, which WebAuthn needs, and not an address."""
    try:
        ip_address(host)
    except ValueError:
        return True
    return False
