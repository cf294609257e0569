"""Files of orders: exported for the accountant and for leaving, imported as the history of another shop.

The columns are those of Shopify's orders export (help.shopify.com, "Exporting orders").
"""
