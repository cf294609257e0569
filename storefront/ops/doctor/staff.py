"""Checks of the staff: whether somebody owns the shop, and who has which role."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from storefront.accounts import administration
from storefront.ops.doctor.finding import Finding, ok, warn

_MEND = "Make one: flask user promote EMAIL --role owner"


def check() -> Iterator[Finding]:
    """Say who owns the shop and how many people have each other role."""
    try:
        accounts = administration.list_accounts(staff_only=True)
    except SQLAlchemyError:
        return  # the check of the database says it
    people = [row.user for row in accounts if row.user.disabled_at is None]
    owners = [user.email for user in people if user.staff_role == "owner"]
    if not people:
        yield warn("staff", f"Nobody can open the back office. {_MEND}")
    elif not owners:
        yield warn("staff", f"The shop has no owner, so nobody can invite people or change roles. {_MEND}")
    else:
        others = Counter(user.staff_role for user in people if user.staff_role != "owner")
        also = ", ".join(f"{number} {role}" for role, number in sorted(others.items()))
        yield ok("staff", f"Owner: {', '.join(owners)}.{f' Others by role: {also}.' if also else ''}")
