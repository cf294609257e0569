"""The names of the fields that the history and change sets record, in the language of a page.

`field_texts` has the plain names of the commands.
"""

from __future__ import annotations

from storefront.change_sets.field_texts import shorten
from storefront.i18n import gettext as _
from storefront.i18n import lazy_gettext

FIELDS = {
    "alt": lazy_gettext("text of the picture"),
    "backorder": lazy_gettext("sold when out of stock"),
    "barcode": lazy_gettext("barcode"),
    "body_html": lazy_gettext("text"),
    "category": lazy_gettext("category"),
    "checked": lazy_gettext("checked for your country"),
    "closing": lazy_gettext("closing"),
    "compare_at_price": lazy_gettext("compare-at price"),
    "deleted_at": lazy_gettext("deleted"),
    "description_html": lazy_gettext("description"),
    "digest": lazy_gettext("picture"),
    "further_categories": lazy_gettext("further categories"),
    "gift_card": lazy_gettext("gift card"),
    "hidden": lazy_gettext("hidden"),
    "image_id": lazy_gettext("picture"),
    "is_hidden": lazy_gettext("hidden"),
    "label": lazy_gettext("SKU"),
    "low_threshold": lazy_gettext("low stock"),
    "name": lazy_gettext("name"),
    "on_hand": lazy_gettext("on hand"),
    "opening": lazy_gettext("greeting and opening"),
    "outline": lazy_gettext("entries"),
    "option1": lazy_gettext("option 1"),
    "option2": lazy_gettext("option 2"),
    "option3": lazy_gettext("option 3"),
    "option_names": lazy_gettext("names of the options"),
    "parent": lazy_gettext("category above"),
    "path": lazy_gettext("address"),
    "picture": lazy_gettext("picture"),
    "picture_alt": lazy_gettext("text of the picture"),
    "picture_digest": lazy_gettext("picture"),
    "position": lazy_gettext("place"),
    "price": lazy_gettext("price"),
    "product_type": lazy_gettext("type"),
    "published_version": lazy_gettext("published version"),
    "requires_shipping": lazy_gettext("is shipped"),
    "rule": lazy_gettext("rule"),
    "seo_description": lazy_gettext("search result: description"),
    "seo_title": lazy_gettext("search result: title"),
    "slug": lazy_gettext("address"),
    "published_at": lazy_gettext("is published"),
    "publish_at": lazy_gettext("is published"),
    "withdraw_at": lazy_gettext("is withdrawn"),
    "source": lazy_gettext("source"),
    "status": lazy_gettext("status"),
    "subject": lazy_gettext("subject"),
    "tags": lazy_gettext("tags"),
    "taxable": lazy_gettext("taxed"),
    "text": lazy_gettext("text"),
    "title": lazy_gettext("title"),
    "tracked": lazy_gettext("stock is counted"),
    "unlisted": lazy_gettext("unlisted"),
    "value": lazy_gettext("value"),
    "vendor": lazy_gettext("vendor"),
    "version": lazy_gettext("version"),
    "weight_grams": lazy_gettext("weight in grams"),
}
STATUSES = {  # of a product
    "draft": lazy_gettext("Draft"),
    "active": lazy_gettext("Active"),
    "archived": lazy_gettext("Archived"),
}
_EXTRA = "extra:"


def name_field(field: str) -> str:
    """Return the name of a field in the language of the page."""
    if field.startswith(_EXTRA):
        return _("kept column %(name)s", name=shorten(field.removeprefix(_EXTRA)))
    return str(FIELDS.get(field, field.replace("_", " ")))
