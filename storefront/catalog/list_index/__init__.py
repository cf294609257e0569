"""The list index: what lists, counts and search know of each product, kept in the transaction that changes it.

It consists of the table `listing` (a row for each active product in each category above it), the counts of products
per category and vendor, the search index, and the prices and cover on the product's own row. `derivation` computes
them from a product's rows; `writer` brings many products up to date, `product_update` one; `reader` selects pages.
"""
