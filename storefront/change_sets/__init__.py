"""Changes of many products: planned, shown, applied in batches, undone. Every import is one.

docs/change-sets.md describes the commands and the rules of the undo.
"""

from __future__ import annotations

from flask import Flask

from storefront.change_sets import content_lifetime, scheduled_runs
from storefront.change_sets.codes import used_codes
from storefront.change_sets.runner import apply_change_set, undo_change_set
from storefront.change_sets.store import PlanWriter

__all__ = ["PlanWriter", "apply_change_set", "init_app", "undo_change_set", "used_codes"]


def init_app(app: Flask) -> None:
    """Apply and undo change sets in serving processes, and delete the contents of old ones there."""
    content_lifetime.init_app(app)
    scheduled_runs.init_app(app)
