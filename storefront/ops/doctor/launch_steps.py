"""Checks of the first steps: what a merchant has still to do before shoppers come."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from storefront import launch
from storefront.ops.doctor.finding import Finding, ok, warn
from storefront.web.same_origin import canonical_url


def check() -> Iterator[Finding]:
    """Say of each step whether it is done, and where it is done."""
    try:
        progress = launch.read_progress()
    except SQLAlchemyError:
        return  # the check of the database says it
    for step, is_done in progress.steps:
        about = f"step {step.name}"
        if is_done:
            yield ok(about, f"Done: {step.label}.")
        else:
            yield warn(about, f"{step.advice} {canonical_url(step.places[0][0])}")
