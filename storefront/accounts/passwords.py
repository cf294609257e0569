"""Passwords: hashing with argon2id, rejection of weak ones, and the form fields for them."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from storefront import shop_settings
from storefront.accounts import common_passwords
from storefront.i18n import gettext as _
from storefront.pauses import run_in_thread
from storefront.web.forms import Form

MIN_LENGTH, MAX_LENGTH = 10, 200  # characters

# OWASP's Password Storage Cheat Sheet: 19 MiB, two passes, one lane; about 20 ms of one core.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
# The parts of names that count have 3 characters. Beside them a password needs 5 letters, or more digits than a date.
MIN_PART, MIN_OWN_LETTERS, MIN_OWN_DIGITS = 3, 5, 9
_WORDS = re.compile(r"[^\W_]+")
_SEQUENCES = ("01234567890123456789", "09876543210987654321", "abcdefghijklmnopqrstuvwxyz")


def hash_password(password: str) -> str:
    """Return the hash under which a password is stored."""
    return run_in_thread(lambda: _HASHER.hash(_normalise(password)))


def verify(password: str, stored_hash: str | None) -> bool:
    """Return whether a password has this hash. With None (no such account) the check takes as long and fails."""
    if len(password) > 5 * MAX_LENGTH:
        password = ""

    def matches() -> bool:
        try:
            return _HASHER.verify(stored_hash or _unusable_hash(), _normalise(password))
        except (VerificationError, InvalidHashError):
            return False

    return run_in_thread(matches) and stored_hash is not None


def needs_rehash(stored_hash: str) -> bool:
    """Return whether a hash was made with other parameters than the present ones."""
    return _HASHER.check_needs_rehash(stored_hash)


def find_weakness(password: str, *personal: str) -> str | None:
    """Return a sentence that says why a password is too weak, or None.

    A password must be long, and not one of those that attackers try first (NIST SP 800-63B, 3.1.1.2).

    Args:
        password: the password as it was typed.
        personal: the person's e-mail address and name: the password may not consist of them and their parts, nor of
            the shop's name.
    """
    text = _normalise(password[: MAX_LENGTH + 1]).casefold()
    if len(password) < MIN_LENGTH:
        return _(
            "Use at least %(count)d characters. A few words in a row are easy to remember.",
            count=MIN_LENGTH,
        )
    if len(password) > MAX_LENGTH:
        return _("Use at most %(count)d characters.", count=MAX_LENGTH)
    if len(set(text)) < 4 or any(text in sequence for sequence in _SEQUENCES):
        return _(
            "This password is too easy to guess. A few words in a row are hard to guess and easy to remember."
        )
    if common_passwords.is_common(text):
        return _("This password is too common. Use a few words of your own.")
    if _consists_of(text, (*personal, shop_settings.current().name)):
        return _("Don’t use your name, your e-mail address or the name of this shop.")
    return None


def read_password(form: Form, name: str = "password") -> str:
    """Return a password from a form, to be verified; empty, with an error in the form, if it is missing.

    The form never shows a password again.
    """
    typed = form.typed(name)
    if not typed:
        form.errors[name] = _("Enter a password.")
    return typed


def read_new_password(form: Form, name: str, *personal: str) -> str:
    """Return a new password from a form, with an error in the form if it is missing or weak (`find_weakness`)."""
    typed = read_password(form, name)
    if typed and (problem := find_weakness(typed, *personal)):
        form.errors[name] = problem
    return typed


def _consists_of(text: str, names: Iterable[str]) -> bool:
    """Return whether hardly anything of a password is left without these names and their parts."""
    parts: set[str] = set()
    for name in (_normalise(name).casefold() for name in names):
        words = _WORDS.findall(name)
        parts |= {name, "".join(words), *words}
    rest = text
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= MIN_PART:
            rest = rest.replace(part, " ")
    letters, digits = (sum(map(kind, rest)) for kind in (str.isalpha, str.isdigit))
    return rest != text and letters < MIN_OWN_LETTERS and digits < MIN_OWN_DIGITS


def _normalise(password: str) -> str:
    """Return the password in one Unicode form: two keyboards may send one letter in two ways."""
    return unicodedata.normalize("NFKC", password)


@functools.cache
def _unusable_hash() -> str:
    return _HASHER.hash("nobody has this password")
