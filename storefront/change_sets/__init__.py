"""Changes of many products: planned, shown, applied in batches, undone. Every import is one.

docs/change-sets.md describes the commands and the rules of the undo.
"""

from __future__ import annotations

from flask import Flask

from storefront.change_sets import content_lifetime
from storefront.change_sets.codes import used_codes
from storefront.change_sets.runner import apply_change_set, undo_change_set
from storefront.change_sets.store import PlanWriter

__all__ = ["PlanWriter", "apply_change_set", "init_app", "undo_change_set", "used_codes"]


def init_app(app: Flask) -> None:
    """Delete the contents of old change sets in serving processes."""
    content_lifetime.init_app(app)
