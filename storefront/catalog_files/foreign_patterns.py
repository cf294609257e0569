"""The columns by which files of other systems are recognised.

Sources of the columns: the help pages and importers of these systems, such as Shopify's "Exporting orders", Google's
"Product data specification", WooCommerce's "Product CSV Importer", PrestaShop's sample files of its importer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# Kinds that the import reads; all others are refused.
Kind = Literal["woocommerce", "shopify_inventory", "translated", ""]

_FROM_SHOPIFY = (
    "Export the products from the shop as Shopify CSV, or name the columns as docs/importing.md says."
)


@dataclass(frozen=True, slots=True)
class FilePattern:
    """Columns by which a file is recognised: all of `required`, at least `least` of `marks`, none of `without`.

    A file that has handles as Shopify's product CSV has is one, unless the pattern has `despite_handle`.
    """

    name: str
    marks: str
    required: str = ""
    least: int = 2
    without: str = ""
    advice: str = _FROM_SHOPIFY
    kind: Kind = ""
    despite_handle: bool = False


# Names of columns in small letters, separated by "|"; "_" counts as a space, and what stands in brackets is left out.
PATTERNS = (
    FilePattern(
        "Shopify inventory file",
        "location|on hand|available|committed|incoming|unavailable|hs code|coo|bin name",
        required="sku",
        without="price|variant price|regular price|body",
        advice="",
        kind="shopify_inventory",
        despite_handle=True,
    ),
    FilePattern(
        "WooCommerce product file",
        "regular price|sale price|in stock?|tax status|parent|attribute 1 name|attribute 1 value"
        "|visibility in catalog|is featured?|backorders allowed?|sold individually?|cross-sells|weight",
        required="name|type",
        advice="",
        kind="woocommerce",
        despite_handle=True,
    ),
    FilePattern(
        "Shopify orders export, or one of this shop",
        "financial status|fulfillment status|lineitem name|lineitem quantity|lineitem price|paid at",
        advice="This import takes products only. The person who runs the server brings in old orders: "
        "flask orders import FILE.",
    ),
    FilePattern(
        "Shopify customers export, or one of this shop",
        "accepts email marketing|accepts marketing|total spent|total orders|tax exempt|default address city"
        "|accepts sms marketing",
        required="email",
        advice="This import takes products only. The person who runs the server brings in customers: "
        "flask customers import FILE.",
    ),
    FilePattern(
        "Shopify redirects export",
        "redirect from|redirect to",
        advice="A new address in a product’s form keeps the old one working. For many at once, the person who runs "
        "the server uses: flask redirects import FILE.",
    ),
    FilePattern(
        "Shopify discounts export",
        "value type|times used in total|customer selection|usage limit per code|discount class"
        "|minimum purchase requirements|applies once per customer",
        advice="The shop has no discount codes; import the products alone.",
    ),
    FilePattern(
        "Shopify gift cards export",
        "initial balance|current balance|initial value|last characters|expires on",
        advice="Gift cards that were sold cannot be imported; import the products alone.",
    ),
    FilePattern(
        "Matrixify sheet",
        "body html|tags command|variant command|image command|variant inventory adjust|top row|row #",
        required="command",
        despite_handle=True,
    ),
    FilePattern(
        "Google Merchant feed",
        "availability|image link|gtin|google product category|item group id|condition|mpn|additional image link",
        required="id|link",
    ),
    FilePattern(
        "Etsy listings file",
        "currency code|materials|image1|variation 1 type|variation 1 name|variation 1 values",
        required="title|quantity",
    ),
    FilePattern(
        "Magento product file",
        "store view code|attribute set code|product websites|additional attributes|configurable variations"
        "|attribute set|root category|url key|product online|base image",
        required="sku",
    ),
    FilePattern(
        "PrestaShop product file",
        "active|name *|categories|price tax excluded|price tax included|tax rules id|tax rule id|on sale"
        "|wholesale price|supplier reference #|reference #|attribute|value|id default combination|final price",
        least=3,
    ),
    FilePattern(
        "BigCommerce product file",
        "product code/sku|item type|brand name|option set|track inventory|current stock level|inventory tracking"
        "|current stock|brand id|channels|product url|fixed shipping cost|product availability",
        least=3,
    ),
    FilePattern(
        "Square item library",
        "token|variation name|reference handle|square online item visibility|option name 1|customer-facing name"
        "|sellable|stockable|square online category",
        required="item name",
    ),
    FilePattern(
        "Squarespace product file",
        "product id|variant id|product type|product page|hidden",
        required="product page",
    ),
    FilePattern(
        "Wix product file",
        "handleid|fieldtype|productimageurl|productoptionname1|discountmode|discountvalue|ribbon|surcharge",
        least=3,
    ),
    FilePattern(
        "eBay listings file",
        "item number|custom label|available quantity|start price|auction buy it now price|variation details"
        "|*action|*category|customlabel|*title|*startprice|*quantity|*format",
        least=3,
    ),
    FilePattern(
        "Amazon listings file",
        "item-name|seller-sku|asin1|listing-id|item sku|external product id|external product id type"
        "|feed product type|standard price|fulfillment-channel",
    ),
    FilePattern(
        "Medusa product file",
        "product handle|product title|product status|product is giftcard|product discountable|product thumbnail"
        "|variant manage inventory|variant allow backorder",
        least=3,
    ),
)
