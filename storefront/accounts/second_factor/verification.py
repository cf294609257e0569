"""Checks the second factor that a form brings: the proof of a passkey, a code of the app, or a recovery code."""

from __future__ import annotations

import re

from storefront import mail
from storefront.accounts import messages, security_events
from storefront.accounts.models import User
from storefront.accounts.second_factor import guess_limits, passkeys, recovery_codes, totp
from storefront.accounts.second_factor.guess_limits import TooManyGuessesError
from storefront.accounts.second_factor.passkeys import PasskeyError
from storefront.accounts.security_events import FactorChange
from storefront.extensions import write_transaction
from storefront.i18n import gettext as _
from storefront.web.forms import Form


def is_proven(user_id: int, form: Form, prefix: str = "") -> bool:
    """Return whether the form's field `credential` or `code` proves a second factor; if not, the form has an error.

    Args:
        user_id: the account.
        form: the submitted form.
        prefix: of the names of both fields.
    """
    try:
        if credential := form.typed(f"{prefix}credential"):
            passkeys.verify(credential, user_id)
            return True
        if verify_code(user_id, form.typed(f"{prefix}code")):
            return True
    except PasskeyError as error:
        form.errors[""] = str(error)
        return False
    except TooManyGuessesError as error:
        form.errors[f"{prefix}code"] = str(error)
        return False
    form.errors[f"{prefix}code"] = _(
        "Incorrect code, or a code that was already used. Wait for the next one."
    )
    return False


def verify_code(user_id: int, typed: str) -> bool:
    """Return whether this is a code of the account's app or a recovery code, and use it up.

    Raises:
        TooManyGuessesError: there were too many wrong codes.
    """
    code = "".join(typed[:100].split())
    if not code:
        return False
    is_totp = re.fullmatch(r"[0-9]{6}", code) is not None
    guess_id = guess_limits.count_guess(user_id, "totp" if is_totp else "recovery")
    if not (totp.verify(user_id, code) if is_totp else recovery_codes.use_code(user_id, code)):
        with write_transaction() as session:
            security_events.record(session, "code-failed", user_id)
        return False
    guess_limits.give_back(guess_id)
    if not is_totp:
        record_change(user_id, "recovery-code-used")
    return True


def record_change(user_id: int, change: FactorChange) -> None:
    """Record that the second factor of an account has changed, and tell its owner by mail."""
    with write_transaction() as session:
        user = session.get(User, user_id)
        if user is not None:
            security_events.record(session, "second-factor", user_id, detail=change)
            text = messages.second_factor_changed(user.locale)
            mail.enqueue_if_configured(session, user.email, text)
