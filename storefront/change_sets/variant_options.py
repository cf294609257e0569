"""Move option values between the variants of one product, which may swap them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from sqlalchemy.orm import Session

from storefront.catalog.models import Variant
from storefront.catalog.option_matrix import OPTION_COLUMNS
from storefront.change_sets.changes import ValueChange
from storefront.change_sets.results import Left
from storefront.change_sets.row_fields import describe_conflict

Options = tuple[str, str, str]


def options_of(variant: Variant) -> Options:
    """Return the three option values of a variant."""
    return variant.option1, variant.option2, variant.option3


def move_options(
    session: Session,
    variants: Mapping[str, Variant],
    changes: Mapping[str, Mapping[str, ValueChange]],
    left: list[Left],
) -> dict[str, list[str]]:
    """Give variants their new options, all of one variant or none; return the changed fields by code.

    Args:
        session: a session in a writing transaction.
        variants: all variants of the product by code.
        changes: the changes of option1, option2 and option3 by code.
        left: takes what somebody else has changed, and options that another variant has.
    """
    wanted = {code: _target(variants[code], fields, code, left) for code, fields in changes.items() if fields}
    final = {code: wanted.get(code) or options_of(variant) for code, variant in variants.items()}
    _leave_duplicates(final, variants, left)
    moved = {code: final[code] for code in wanted if final[code] != options_of(variants[code])}
    done = {
        code: [
            n
            for n, value in zip(OPTION_COLUMNS, target, strict=True)
            if n in changes[code] and getattr(variants[code], n) != value
        ]
        for code, target in moved.items()
    }
    _free_swapped(session, variants, moved)
    for code, target in moved.items():
        variants[code].option1, variants[code].option2, variants[code].option3 = target
    return done


def _target(
    variant: Variant, fields: Mapping[str, ValueChange], code: str, left: list[Left]
) -> Options | None:
    """Return the new options; None if somebody else has changed one of them."""
    for name, change in fields.items():
        if getattr(variant, name) not in (change.old or "", change.new or ""):
            left.append(describe_conflict(code, name, getattr(variant, name), change))
            return None
    one, two, three = (fields[n].new if n in fields else getattr(variant, n) for n in OPTION_COLUMNS)
    return one or "", two or "", three or ""


def _leave_duplicates(final: dict[str, Options], variants: Mapping[str, Variant], left: list[Left]) -> None:
    """Let variants keep their options if another variant would have the same; until no two are the same."""
    while True:
        counts = Counter(final.values())
        again = [
            code
            for code, target in final.items()
            if counts[target] > 1 and target != options_of(variants[code])
        ]
        if not again:
            return
        for code in again:
            reason = f"another variant has the options {' / '.join(filter(None, final[code]))!r}"
            left.append(Left(code, "options", reason))
            final[code] = options_of(variants[code])


def _free_swapped(session: Session, variants: Mapping[str, Variant], moved: Mapping[str, Options]) -> None:
    """Give variants whose options move to another variant a placeholder first: rows are updated one by one."""
    taken = set(moved.values())
    waiting = [code for code in moved if options_of(variants[code]) in taken]
    for code in waiting:
        variant = variants[code]
        variant.option1, variant.option2, variant.option3 = f"→ {variant.id}", "", ""
    if waiting:
        session.flush()
