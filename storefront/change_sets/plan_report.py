"""What a plan found: counts, refused rows, notes, and the questions that must be answered before it is applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

# A plan stops if more rows than this are refused (or more variants removed), and more than this share of them.
STOP_COUNT, STOP_SHARE = 20, 0.2
# Problems and notes that a report keeps; it counts the others. A file of a million bad rows must fit into memory.
MAX_LISTED = 10_000


class PlanProblem(NamedTuple):
    """A row or cell that cannot be used, or was read differently: the line, the column's header, and the reason."""

    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        """Return the problem as a line of the report."""
        place = f"line {self.line}" if self.line else ""
        return ": ".join(filter(None, (", ".join(filter(None, (place, self.column))), self.reason)))


@dataclass(slots=True)
class PlanReport:
    """Counts of a plan.

    Attributes:
        created: products that are created.
        changed: products of which something changes.
        left: products that are equal to what the source says.
        rows: rows of products that were read, the refused ones included.
        refused_rows: rows of variants that cannot be used, and all rows of products that cannot be used.
        shop_variants: variants that the named products have in the shop.
        new_variants: variants that are created.
        removed_variants: variants that are removed.
        removed_pictures: pictures that are removed.
        changed_stock: variants of which the number on hand changes.
        kept_quantities: quantities that differ from the shop's and were not applied (`--stock=keep`).
        missing_quantities: new variants with counted stock whose source gives no quantity.
        price_jumps: prices that change by more than half.
        publications: products that become public, or more public.
        problems: rows that cannot be used.
        notes: values that were read differently from what is written.
        unlisted: problems and notes that are counted here only.
    """

    created: int = 0
    changed: int = 0
    left: int = 0
    rows: int = 0
    refused_rows: int = 0
    shop_variants: int = 0
    new_variants: int = 0
    removed_variants: int = 0
    removed_pictures: int = 0
    changed_stock: int = 0
    kept_quantities: int = 0
    missing_quantities: int = 0
    price_jumps: int = 0
    publications: int = 0
    problems: list[PlanProblem] = field(default_factory=list)
    notes: list[PlanProblem] = field(default_factory=list)
    unlisted: int = 0

    def refuse(self, line: int, column: str, reason: str, *, rows: int = 1) -> None:
        """Record a problem that makes this many rows unusable."""
        self.refused_rows += rows
        self._keep(self.problems, PlanProblem(line, column, reason))

    def note(self, line: int, column: str, reason: str) -> None:
        """Record that a value was read differently from what is written."""
        self._keep(self.notes, PlanProblem(line, column, reason))

    def rename_columns(self, headers: Mapping[str, str]) -> None:
        """Name columns as the source does: the planner, which does not know it, names them as an export would."""
        for found in (self.problems, self.notes):
            found[:] = [item._replace(column=headers.get(item.column, item.column)) for item in found]

    def stop_reason(self) -> str:
        """Return why the plan is applied only with `--force`; empty if it may be applied."""
        reasons = []
        if _is_too_much(self.refused_rows, self.rows):
            reasons.append(f"{self.refused_rows:,} of {self.rows:,} rows cannot be used")
        if _is_too_much(self.removed_variants, self.shop_variants):
            reasons.append(f"{self.removed_variants:,} of {self.shop_variants:,} variants would be removed")
        if not reasons:
            return ""
        return f"{' and '.join(reasons)}; nothing was changed. Check the file, or add --force to go on."

    def missing_stock_reason(self) -> str:
        """Return why the plan cannot be applied without an answer on missing quantities; empty if it can."""
        if not self.missing_quantities:
            return ""
        return (
            f"The file gives no quantity for {self.missing_quantities:,} new variants whose stock is counted; "
            "nothing was changed. Add --stock-missing=zero to create them as sold out until you enter their "
            "stock, or --stock-missing=untracked to sell them without counting."
        )

    def _keep(self, found: list[PlanProblem], problem: PlanProblem) -> None:
        if len(found) < MAX_LISTED:
            found.append(problem)
        else:
            self.unlisted += 1


def _is_too_much(count: int, of: int) -> bool:
    return count > STOP_COUNT and count > STOP_SHARE * of
