"""Reasons why a file cannot be imported, and notes about it as a whole. `reason_texts` translates them."""

from __future__ import annotations

from storefront.i18n import mark_text as _

TEXTS = (
    # What it is, by its first bytes.
    _("%(path)s is %(what)s, not a CSV file. %(advice)s"),
    _("an Excel workbook of the old format (.xls)"),
    _("an Excel workbook (.xlsx)"),
    _("a Numbers document"),
    _("an OpenDocument file (.ods)"),
    _("a Word document (.docx)"),
    _("an RTF document"),
    _("a PDF document"),
    _("a zip archive"),
    _("a damaged zip archive or workbook"),
    _("a gzip archive"),
    _("a bzip2 archive"),
    _("a 7-Zip archive"),
    _("a RAR archive"),
    _("an xz archive"),
    _("a Zstandard archive"),
    _("a PNG picture"),
    _("a JPEG picture"),
    _("a GIF picture"),
    _("a WebP picture or a sound"),
    _("a TIFF picture"),
    _("an SQLite database"),
    _("a web page (HTML)"),
    _("an XML file"),
    _("a JSON file"),
    # What it is, by its columns.
    _("%(path)s cannot be imported. This is %(what)s (found the columns %(names)s). %(advice)s"),
    _("a Shopify inventory file"),
    _("a Shopify orders export, or one of this shop"),
    _("a Shopify customers export, or one of this shop"),
    _("a Shopify redirects export"),
    _("a Shopify discounts export"),
    _("a Shopify gift cards export"),
    _("a Matrixify sheet"),
    _("a Google Merchant feed"),
    _("an Etsy listings file"),
    _("a Magento product file"),
    _("a PrestaShop product file"),
    _("a BigCommerce product file"),
    _("a Square item library"),
    _("a Squarespace product file"),
    _("a Wix product file"),
    _("an eBay listings file"),
    _("an Amazon listings file"),
    _("a Medusa product file"),
    _("a product sheet with %(language)s headers"),
    _("German"),
    _("French"),
    _("Spanish"),
    _("Italian"),
    _("Dutch"),
    _("Portuguese"),
    _(
        "%(path)s is not a product CSV that the shop can read. Its columns are %(names)s; it needs “Title”, "
        "“URL handle” (or “Handle”), “Variant code” or “SKU”, and what they are about, such as “Price”. "
        "docs/importing.md has all columns."
    ),
    # What to do.
    _('Open it in a spreadsheet, choose "Save as" and the format "CSV UTF-8", and import that file.'),
    _('Open it in Numbers, choose "Export to" and "CSV", and import that file.'),
    _("Unpack it, and import the CSV file that is in it."),
    _("Unpack it with gunzip, and import the CSV file."),
    _("Download it again, and save it as CSV."),
    _("It may be a sign-in page: download the file again as CSV."),
    _("Export the products from the shop as Shopify CSV, and import that file."),
    _("Export the products from the shop as Shopify CSV, or name the columns as docs/importing.md says."),
    _("It has no column 'On hand'; export the inventory again, with all quantities."),
    _(
        "This import takes products only. The person who runs the server brings in old orders: "
        "flask orders import FILE."
    ),
    _(
        "This import takes products only. The person who runs the server brings in customers: "
        "flask customers import FILE."
    ),
    _(
        "A new address in a product’s form keeps the old one working. For many at once, the person who runs the "
        "server uses: flask redirects import FILE."
    ),
    _("The shop has no discount codes; import the products alone."),
    _("Gift cards that were sold cannot be imported; import the products alone."),
    _("Rename the columns: %(pairs)s."),
    # Its encoding and its lines.
    _(
        "%(path)s was saved in a wrong encoding before: line %(line)s has %(shown)s. Export it again as UTF-8, or "
        "name its encoding with --encoding (--encoding utf-8 takes the text unchanged)."
    ),
    _("%(path)s is not UTF-8 (line %(line)s). %(advice)s"),
    _("As Windows-1252 it would read %(shown)s. Save the file as UTF-8, or name its encoding: %(hints)s."),
    _("--encoding %(encoding)s reads %(shown)s"),
    _("--encoding cp1251, gb18030, shift_jis, mac_roman or another"),
    _(
        "%(shown)s is not an encoding of text. Use a name such as utf-8, cp1252, cp1251, gb18030 or shift_jis."
    ),
    _("Files are not written in %(shown)s. Use a name such as utf-8 or cp1252."),
    _(
        "%(path)s is not %(encoding)s: it has other bytes at or after line %(line)s. "
        "Name another encoding with --encoding."
    ),
    _("The file is not UTF-8; it was read as Windows-1252."),
    _("%(number)s lines look misread (%(shown)s, first on line %(line)s); they are kept as they stand."),
    _("%(path)s is not a file."),
    _("There is no file %(path)s."),
    _("%(path)s is empty."),
    _("The header of %(path)s (line %(line)s) cannot be read: %(reason)s."),
    _("it is not %(encoding)s, as other lines are; name the encoding with --encoding"),
    _("The header is on line %(line)s; %(number)s rows above it were left out."),
    _("%(number)s rows are shorter than the header; the cells that they lack are empty."),
    _("Line %(line)s is the last, without a line end; check it if the file was cut off."),
    _("Line %(line)s is longer than %(number)s characters."),
    _("Columns that are there twice: %(names)s. Of each row the first one that is filled counts."),
    _("These columns were read by their meaning: %(pairs)s."),
    _("--remove-missing removed nothing: a row of the file is damaged, or has neither a handle nor a title."),
)
