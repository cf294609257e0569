"""The form of one product, `/admin/products/ID`: its fields, two people in it at once, and its pages."""

from __future__ import annotations

from storefront.admin.product_form import creation_pages, form_pages  # noqa: F401  # they add their views
from storefront.admin.product_form.form_page import bp

__all__ = ["bp"]
