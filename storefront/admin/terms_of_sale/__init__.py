"""/admin/settings/delivery, taxes and payment: the terms of sale, which the checkout checks and stores."""

from __future__ import annotations

from storefront.admin.terms_of_sale.term_pages import bp

__all__ = ["bp"]
