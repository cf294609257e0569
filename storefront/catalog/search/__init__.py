"""Full-text search with SQLite FTS5 or PostgreSQL tsvector: both find the same (docs/search.md).

The shop itself folds letters, splits texts into words and derives stems and joined words; both databases only store
and match words. So a query consists of words only: quotes, `*`, `%` and emoji have no meaning.
"""

from __future__ import annotations

from storefront.catalog.search.documents import SearchedTexts, text_of_html
from storefront.catalog.search.index import remove, write
from storefront.catalog.search.query import Plan, make_plan, relax_plan
from storefront.catalog.search.ranking import spell
from storefront.catalog.search.text_words import words

__all__ = [
    "Plan",
    "SearchedTexts",
    "make_plan",
    "relax_plan",
    "remove",
    "spell",
    "text_of_html",
    "words",
    "write",
]
