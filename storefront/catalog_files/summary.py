"""The text of an import's plan: what changes of each product, and the counts."""

from __future__ import annotations

from collections.abc import Iterator

from storefront.catalog_files.import_plan import ImportPlan
from storefront.change_sets import change_texts
from storefront.change_sets.changes import ProductChange
from storefront.change_sets.field_texts import shorten

# What a merchant must not overlook, also if it is 0.
_COUNTS = ("removed_variants", "removed_pictures", "changed_stock", "price_jumps", "publications")


def change_lines(change: ProductChange, currency: str) -> Iterator[str]:
    """Yield the lines of one product: of a new one what it is, else each field with its old and its new value."""
    if change.action != "create":
        yield from change_texts.describe_change(change, currency)
        return
    variants, pictures = len(change.variants), len(change.pictures)
    counts = f"{variants:,} {'variant' if variants == 1 else 'variants'}"
    if pictures:
        counts += f", {pictures:,} {'picture' if pictures == 1 else 'pictures'}"
    yield f"{change.slug}  {shorten(change.title)} (new, {counts})"


def plan_lines(plan: ImportPlan, *, is_final: bool) -> Iterator[str]:
    """Yield the lines with the counts of a plan; `is_final` if it is going to be applied."""
    found = plan.report
    if plan.kept:
        yield f"Columns that are only kept: {', '.join(plan.kept)}."
    counts = (f"{change_texts.COUNTS[key]}: {getattr(found, key):,}" for key in _COUNTS)
    yield "; ".join(counts).capitalize() + "."
    if found.kept_quantities:
        yield (
            f"{found.kept_quantities:,} quantities differ from the shop's and were not applied; "
            "--stock=set or --stock=add applies them."
        )
    would = "Products" if is_final else "Would have been"
    yield (
        f"{would}: {found.created:,} created, {found.changed:,} changed, {found.left:,} left. "
        f"Rows: {found.rows:,} read, {found.refused_rows:,} refused."
    )


def nothing_changed(plan: ImportPlan) -> str:
    """Return the sentence on an import that has nothing to apply."""
    found = plan.report
    if not found.rows:
        return "The file has no rows below its header. Nothing was changed."
    if found.refused_rows or found.kept_quantities:
        return "Nothing was changed."
    return "The shop has all of it already. Nothing was changed."


def problem_lines(plan: ImportPlan) -> Iterator[str]:
    """Yield the refused rows and the notes, by line."""
    found = plan.report
    for problem in sorted(found.problems):
        yield f"refused: {problem}"
    for note in sorted(found.notes):
        yield f"note: {note}"
    if found.unlisted:
        yield f"{found.unlisted:,} more are not listed."
    for text in plan.notes:
        yield f"note: {text}"
