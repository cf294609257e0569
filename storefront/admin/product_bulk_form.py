"""The form of a bulk edit of products: which ones, and what is done with them."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl

from werkzeug.datastructures import MultiDict

from storefront.admin.bulk_actions import ACTIONS, BulkEdit, BulkFormError
from storefront.catalog.product_list import ProductFilter, list_matching_ids, read_filter
from storefront.change_sets.edits import plan_edits
from storefront.change_sets.removals import plan_removals
from storefront.i18n import gettext as _
from storefront.unicode_text import parse_digits

MOST_PRODUCTS = 10_000  # of one bulk edit
_LONGEST_QUERY = 8000


def read_list_filter(form: MultiDict[str, str]) -> ProductFilter:
    """Return the filter of the list from which the form was sent."""
    return read_filter(dict(parse_qsl(form.get("filter", "").lstrip("?")[:_LONGEST_QUERY])))


def read_ids(form: MultiDict[str, str]) -> Sequence[int]:
    """Return the ids of the products: the ones that are ticked, or all that the filter leaves.

    Raises:
        BulkFormError: nothing is ticked, or too much matches.
    """
    if form.get("scope") == "matching":
        ids = list_matching_ids(read_list_filter(form), MOST_PRODUCTS + 1)
    else:
        ids = sorted({key for text in form.getlist("id") if (key := _parse_id(text)) is not None})
        if not ids:
            raise BulkFormError(_("Tick the products to change, or choose all that match."))
    if len(ids) > MOST_PRODUCTS:
        most = f"{MOST_PRODUCTS:,}"
        raise BulkFormError(
            _("More than %(most)s products match. Narrow the list, and change it part by part.", most=most)
        )
    return ids


def read_edit(form: MultiDict[str, str]) -> BulkEdit:
    """Return what the form does with each product.

    Raises:
        BulkFormError: it does not say so.
    """
    reader = ACTIONS.get(form.get("action", ""))
    if reader is None:
        raise BulkFormError(_("Choose what to change."))
    return reader(form)


def plan(bulk: BulkEdit, ids: Sequence[int]) -> int:
    """Plan what a form asks for; return the number of the change set.

    Raises:
        BulkFormError: it would change nothing.
    """
    if bulk.edit is None:
        planned = plan_removals(ids, name=bulk.name)
        problem = _(
            "None of these products can be deleted: they have been ordered, or are in a basket at the checkout. "
            "Archive them instead."
        )
    else:
        planned = plan_edits(ids, bulk.edit, name=bulk.name)
        problem = _("This would change nothing: these products are like that already.")
    if not planned.change_set_id:
        raise BulkFormError(problem)
    return planned.change_set_id


def _parse_id(text: str) -> int | None:
    return parse_digits(text, most_digits=9)
