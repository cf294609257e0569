"""A Flask shop: public pages, a cache, sessions, rate limits and live stock, one package for each.

`storefront.app.create_app` makes the application; docs/architecture.md describes every package.
"""

__version__ = "0.1.0"
