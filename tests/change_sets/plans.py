"""Plans of inputs that tests write by hand."""

from __future__ import annotations

from collections import Counter
from typing import Any

from storefront.change_sets.changes import ProductChange
from storefront.change_sets.inputs import InputProduct, InputVariant
from storefront.change_sets.plan_options import PlanOptions
from storefront.change_sets.plan_report import PlanReport
from storefront.change_sets.planner import Planner


def plan(*inputs: InputProduct, **options: Any) -> tuple[list[ProductChange], PlanReport]:
    """Plan inputs, with the file's labels and handles counted as an import does."""
    texts: Counter[str] = Counter()
    for given in inputs:
        for row in given.variants:
            texts.update({row.code, row.values.get("label", "")})
    handles = {given.handle for given in inputs}
    planner = Planner(
        PlanOptions(times_in_file=texts.__getitem__, is_handle_in_file=handles.__contains__, **options)
    )
    return list(planner.plan(inputs)), planner.report


def row(line: int, *options: str, label: str | None = None, **given: Any) -> InputVariant:
    """Return a row with option values, a label and other values."""
    fields = {
        name: given.pop(name)
        for name in ("code", "quantity", "quantity_at_export", "picture", "extra")
        if name in given
    }
    values = given if label is None else given | {"label": label}
    return InputVariant(line=line, options=options or None, values=values, **fields)
