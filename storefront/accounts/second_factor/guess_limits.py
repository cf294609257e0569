"""Limits on guessed codes for each account, counted in SQL before a code is checked: exact without Redis.

Only a person who knows the password can guess. Passkeys are not counted, recovery codes have a budget of their own,
and a new password by mail clears the guesses: so guessing never locks the owner out for good.
"""

from __future__ import annotations

import secrets
from math import ceil
from typing import Literal, get_args

from sqlalchemy import delete
from sqlalchemy.orm import Session

from storefront.accounts.second_factor.models import CodeGuess
from storefront.errors import StorefrontError
from storefront.extensions import write_transaction
from storefront.i18n import ngettext
from storefront.rate_limiting import sql_windows
from storefront.rate_limiting.sql_windows import Budget

Factor = Literal["totp", "recovery"]

# Three of a million codes are right at a time. A year of guessing at 50 a day finds one with a probability of 5 %.
POLICIES = ("code", "code.day")


class TooManyGuessesError(StorefrontError):
    """There were too many wrong codes for this account. `retry_after` is in seconds."""

    status = 429

    def __init__(self, retry_after: int) -> None:
        minutes = ceil(retry_after / 60)
        super().__init__(
            ngettext(
                "Too many incorrect codes. Try again in a minute, use a passkey or reset your password.",
                "Too many incorrect codes. Try again in %(num)d minutes, use a passkey or reset your password.",
                minutes,
            )
        )
        self.retry_after = retry_after


def count_guess(user_id: int, factor: Factor) -> str:
    """Count a guess before it is checked; return its id, with which a right one is given back.

    Raises:
        TooManyGuessesError: there were too many; this one does not count, and must not be checked.
    """
    account, guess_id = _digest(user_id, factor), secrets.token_hex(16)
    budgets = [Budget(policy, "account", account) for policy in POLICIES]
    if wait := sql_windows.count(CodeGuess, {"id": guess_id, "account": account}, budgets, POLICIES):
        raise TooManyGuessesError(wait)
    return guess_id


def give_back(guess_id: str) -> None:
    """Do not count a guess that was right."""
    with write_transaction() as session:
        session.execute(delete(CodeGuess).where(CodeGuess.id == guess_id))


def clear_guesses(session: Session, user_id: int) -> None:
    """Forget the guesses for an account, in the caller's transaction."""
    accounts = [_digest(user_id, factor) for factor in get_args(Factor)]
    session.execute(delete(CodeGuess).where(CodeGuess.account.in_(accounts)))


def _digest(user_id: int, factor: Factor) -> str:
    return sql_windows.digest(f"code:{factor}:{user_id}")
