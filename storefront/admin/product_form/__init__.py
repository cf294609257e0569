"""The form of one product, `/admin/products/ID`: its fields, two people in it at once, and its pages."""
