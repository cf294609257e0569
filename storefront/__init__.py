"""A shop in two commands: pages, a cache, sessions, limits and live stock, one room each.

`storefront.app.create_app` is the way in; docs/architecture.md is the map.
"""
