"""Limits on wrong passwords for each account, client address and known device, counted in SQL: exact without Redis.

An attempt is counted before its password is hashed, and given back if the password is right. So simultaneous guesses
get no more checks than one after the other. A known device (`known_devices`) has a budget of its own: strangers who
use up the account's budget do not lock its owner out.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

from flask import request
from sqlalchemy import delete
from sqlalchemy.orm import Session

from storefront import rate_limiting
from storefront.accounts.models import FailedSignIn
from storefront.errors import StorefrontError
from storefront.extensions import write_transaction
from storefront.i18n import ngettext
from storefront.rate_limiting import sql_windows
from storefront.rate_limiting.sql_windows import Budget

# The policies that count rows of `FailedSignIn`.
POLICIES = ("sign-in.account", "sign-in.address", "sign-in.device")


class PasswordAttempt(NamedTuple):
    """A counted attempt.

    Attributes:
        account: the digest of the account, or of the known device, whose budget it uses.
        address: the digest of the client's address; empty if it has no budget.
        budgets: all budgets that it uses.
    """

    account: str
    address: str
    budgets: Sequence[Budget]


class TooManyFailuresError(StorefrontError):
    """There were too many wrong passwords for this account or from this address. `retry_after` is in seconds."""

    status = 429

    def __init__(self, retry_after: int) -> None:
        minutes = ceil(retry_after / 60)
        super().__init__(
            ngettext(
                "Too many incorrect passwords. Try again in a minute, or reset your password.",
                "Too many incorrect passwords. Try again in %(num)d minutes, or reset your password.",
                minutes,
            )
        )
        self.retry_after = retry_after


def count_attempt(email: str, device_id: int | None) -> PasswordAttempt:
    """Count an attempt with a password that has not been checked yet.

    Args:
        email: the canonical e-mail of the account, which need not exist.
        device_id: the browser's id as a known device of the account, None if it is not one.

    Raises:
        TooManyFailuresError: there were too many failures; raised whether the account exists or not.
    """
    attempt = _describe_attempt(email, device_id)
    row = {"account": attempt.account, "address": attempt.address}
    if wait := sql_windows.count(FailedSignIn, row, attempt.budgets, POLICIES):
        raise TooManyFailuresError(wait)
    return attempt


def is_locked(attempt: PasswordAttempt) -> bool:
    """Return whether another attempt of the same kind would be refused."""
    return sql_windows.seconds_to_wait(FailedSignIn, attempt.budgets) > 0


def give_back(attempt: PasswordAttempt) -> None:
    """Give back an attempt whose password was right, and the failures for this account from the same client."""
    with write_transaction() as session:
        session.execute(
            delete(FailedSignIn).where(
                FailedSignIn.account == attempt.account, FailedSignIn.address == attempt.address
            )
        )


def clear_failures(session: Session, email: str) -> None:
    """Delete the failures of an account whose owner has set a new password by mail."""
    account = sql_windows.digest(f"account:{email}")
    session.execute(delete(FailedSignIn).where(FailedSignIn.account == account))


def _describe_attempt(email: str, device_id: int | None) -> PasswordAttempt:
    if device_id is not None:
        device = sql_windows.digest(f"device:{device_id}")
        return PasswordAttempt(device, "", [Budget("sign-in.device", "account", device)])
    account = sql_windows.digest(f"account:{email}")
    budgets = [Budget("sign-in.account", "account", account)]
    address = rate_limiting.address_digest(request.environ) or ""
    if address:
        budgets.append(Budget("sign-in.address", "address", address))
    return PasswordAttempt(account, address, budgets)
