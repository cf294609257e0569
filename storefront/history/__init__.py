"""The history: who changed which field of the catalogue when, from what to what, and which cache tags that dropped.

Models say which fields it records (`history_fields`). It is written in the transaction of the change, which a page,
the API or a command makes. Changes of many products are in their change set; here each product names it.
"""

from __future__ import annotations

from flask import Flask

from storefront.history import recording
from storefront.history.models import Action, RecordedChange
from storefront.history.recording import begin_change_set, note_change_set, note_products

__all__ = ["Action", "RecordedChange", "begin_change_set", "init_app", "note_change_set", "note_products"]


def init_app(app: Flask) -> None:
    """Record changes, and delete old records in the background. Call it before the cache takes its tags."""
    recording.init_app(app)
