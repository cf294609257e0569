"""The columns of a customers file: Shopify's present headers, its older ones, and one of our own for consents."""

from __future__ import annotations

CUSTOMER_ID = "Customer ID"
FIRST_NAME, LAST_NAME, EMAIL = "First Name", "Last Name", "Email"
CONSENT, CONSENT_DATE = "Accepts Email Marketing", "Email Marketing Consent At"
# Of the account's address; without "Default Address " these were the headers before 2022.
ADDRESS = {
    "company": "Default Address Company",
    "line1": "Default Address Address1",
    "line2": "Default Address Address2",
    "city": "Default Address City",
    "region": "Default Address Province Code",
    "country": "Default Address Country Code",
    "postcode": "Default Address Zip",
    "phone": "Default Address Phone",
}
TOTALS = ("Total Spent", "Total Orders")
HEADER = (CUSTOMER_ID, FIRST_NAME, LAST_NAME, EMAIL, CONSENT, CONSENT_DATE, *ADDRESS.values(), *TOTALS)

# Other headers of the same columns, in lower case.
SYNONYMS = {
    "accepts marketing": CONSENT,
    "company": ADDRESS["company"],
    "address1": ADDRESS["line1"],
    "address2": ADDRESS["line2"],
    "city": ADDRESS["city"],
    "province": ADDRESS["region"],
    "province code": ADDRESS["region"],
    "default address province": ADDRESS["region"],
    "country": ADDRESS["country"],
    "country code": ADDRESS["country"],
    "default address country": ADDRESS["country"],
    "zip": ADDRESS["postcode"],
    "phone": ADDRESS["phone"],
}
KNOWN = frozenset({name.casefold() for name in HEADER} | SYNONYMS.keys())
"""All headers that the import reads or knows to leave out, in lower case."""
