"""Files of customers: exported for leaving, imported from another shop without passwords, and invitations by mail.

The columns are those of Shopify's customers export (help.shopify.com, "Import and export customers"), plus our own
column for the date of a consent.
"""
