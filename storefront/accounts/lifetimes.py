"""How long a sign-in lasts: while it is used (sliding), and in all (absolute; ASVS 5.0, 7.3).

The sliding lifetime ends a sign-in that nobody uses. The absolute one ends every sign-in, so a stolen cookie does not
work for ever.
"""

from __future__ import annotations

from datetime import timedelta

STAFF = timedelta(hours=12)
CUSTOMER = timedelta(days=30)
# With "keep me signed in"; browsers keep no cookie longer (RFC 6265bis, 5.5).
KEPT = timedelta(days=400)

# The same, of a sign-in that is not used. Without "keep me signed in" it is short because browsers restore session
# cookies.
UNUSED = timedelta(hours=24)
UNUSED_KEPT = timedelta(days=180)


def absolute(*, is_staff: bool, kept: bool) -> timedelta:
    """Return how long a sign-in lasts in all."""
    if is_staff:
        return STAFF
    return KEPT if kept else CUSTOMER


def sliding(*, kept: bool) -> timedelta:
    """Return how long a sign-in lasts after its last use."""
    return UNUSED_KEPT if kept else UNUSED
