"""Reasons why rows and values of files are refused or read differently, and why parts of changes are left.

`reason_texts` translates them.
"""

from __future__ import annotations

from storefront.i18n import mark_text as _

TEXTS = (
    # A change that somebody else was faster with, or that is not possible.
    _("it is %(now)s now, not %(before)s: somebody changed it, so it was left"),
    _("%(now)s are on hand now, not %(before)s: somebody changed it, so it was left"),
    _("%(number)s units are not possible"),
    _("it was set to another number since, so it was left"),
    _("it was set to %(now)s, not %(wanted)s: so many are reserved for orders"),
    _("%(on_hand)s are on hand and %(reserved)s reserved: %(number)s is not possible"),
    _("%(number)s are reserved for orders and shoppers, so the variant was left"),
    _("it has no stock row"),
    _("the product was deleted"),
    _("it was deleted already"),
    _("product %(number)s was deleted"),
    _("variant %(number)s was removed"),
    _("the variant was removed since"),
    _("the picture was removed"),
    _("the product has this picture again"),
    _("the product does not have this picture any more"),
    _("the product does not have this variant any more"),
    _("the product has no picture %(name)s"),
    _("another variant has this code now"),
    _("another variant has this code, so nothing was created"),
    _("another variant has this code"),
    _("another variant of the product has its options now"),
    _("another variant of the product has these options"),
    _("another variant has the options %(names)s"),
    _("another product has the address %(address)s now, so it was not brought back"),
    _("another product has the address %(address)s"),
    _("this moment has passed"),
    _("the database refused it: %(reason)s"),
    # What an undo keeps.
    _("%(reason)s; archive or delete it yourself"),
    _("it was ordered since, so it was left"),
    _("it was ordered since, so the product was left"),
    _("its stock is %(now)s now, not %(before)s, so the product was left"),
    _("its stock is %(now)s now, not %(before)s, so it was left"),
    _("its %(field)s was changed since, so it was left"),
    _("its %(field)s was changed since, so the product was left"),
    _("the variant %(code)s shows it, so the picture was left"),
    _("it has the new variant %(code)s, so the product was left"),
    _("it has a new picture, so the product was left"),
    _("its pictures were changed since, so the product was left"),
    _(
        "%(code)s has been ordered, or is in a basket at the checkout, so the product stays. "
        "Archive it instead: it is then in no list, and cannot be bought."
    ),
    # Values that cannot be.
    _("it is not one line of text"),
    _("it is neither yes nor no"),
    _("it is not a time"),
    _("it is not a time in UTC"),
    _("it is not a text"),
    _("it is not a list of texts"),
    _("it is not a list of categories"),
    _("it has %(number)s characters; the most is %(most)s"),
    _("it has %(number)s tags; the most is %(most)s"),
    _("it has too many formatting tags with attributes; use plain <b> and <i>"),
    _("%(field)s cannot be edited"),
    _("it is empty"),
    _("it has more than %(number)s characters"),
    _("it has more than %(number)s entries"),
    _("it is not a number"),
    _("it is negative"),
    _("it is too much"),
    _("there is no such status"),
    # Rows of files.
    _("the row names no product: handle, title, variant code and SKU are empty"),
    _("there is no product %(name)s in the shop, and a new one needs a title"),
    _("there is no product of this row in the shop, and a new one needs a title"),
    _("an earlier row of the file is about the same product of the shop, %(name)s"),
    _("the file has another product for the address %(name)s; give it a handle of its own"),
    _("its rows belong to several products of the shop: %(names)s"),
    _("%(title)s has no row that can be used as a variant; it needs a price"),
    _("is missing: a new variant needs a price"),
    _("the row names no option values, and its SKU leads to no single variant of the product"),
    _("the row names no option values, and its SKU %(label)s leads to no single variant of the product"),
    _(
        "several rows of the file have the SKU %(label)s, so it is not known which variant this row means; "
        "add the column “Variant code”, as the shop’s own export has it"
    ),
    _("the SKU %(label)s leads to no single product of the shop, and a new product needs a title"),
    _("no single variant has these values; add the value of %(names)s"),
    _("line %(line)s names the same variant (%(code)s) already"),
    _("%(names)s is there already: %(holder)s has the same option values"),
    _("%(names)s is there already"),
    _("another title than on line %(line)s, which was taken; has the product another handle?"),
    _("a product has at most %(number)s variants"),
    _("nothing of %(name)s is removed, because the file does not name its present address"),
    _("%(code)s stays: shoppers have reserved %(number)s"),
    _("%(number)s are reserved by orders and baskets and stay on hand"),
    _("%(number)s are on hand, so no more are taken away"),
    _("%(number)s was taken as 0"),
    _("this shop cannot sell gift cards yet, so the product was read as a draft"),
    _("%(value)s is not known; the product became a draft"),
    _("only its first %(number)s characters were imported"),
    _("only its first %(number)s levels were imported"),
    _("only the first %(number)s pictures were imported"),
    _("only the first %(number)s were imported"),
    _("cut to %(number)s characters"),
    _("%(value)s is not a time; write it as %(example)s"),
    _("%(value)s is neither yes nor no; write TRUE or FALSE"),
    _("is empty"),
    _("is negative"),
    _("%(value)s is a percentage"),
    _("%(value)s is shortened by a spreadsheet; format its column as a number without decimals"),
    _("%(value)s is not in %(currency)s, the currency of the shop"),
    _("%(value)s has more decimals than the currency"),
    _("%(value)s is doubtful: it may be a thousand times as much. Write it without separators of thousands."),
    _(
        "%(value)s is doubtful: the separator may be of thousands or of decimals. "
        "Write it without separators of thousands."
    ),
    _("%(value)s is not a whole number"),
    _("%(value)s is not a number"),
    _("%(value)s is negative"),
    _("%(value)s is too large"),
    _("%(value)s is too much"),
    _("%(reason)s, so it was ignored"),
    _("%(reason)s; it was ignored"),
    # Rows that are cut or shifted, rows of other shops, and descriptions.
    _(
        "the product has options (%(names)s) and %(number)s variants, and the row names no option values, so "
        "that its variant is not known; add the columns of options, or SKUs that are unique"
    ),
    _(
        "%(code)s belongs to another product of the shop; empty the cell if the row is about a new variant, "
        "as in a file from another shop"
    ),
    _("an active product is published already; only drafts and archived ones wait for it"),
    _("an archived product is withdrawn already"),
    _("it has to be later than the publication"),
    _("the handle has a quotation mark; write it without one"),
    _("the file has no product that is the parent of this variation"),
    _("another product of the file has the same ID or SKU"),
    _("the sale is not on today, so the regular price was taken"),
    _("variations that share the stock of their parent have none here"),
    _("a grouped product has no price of its own; import its members"),
    _("an external product is sold by another shop"),
    _("has too many formatting tags with attributes; use plain <b> and <i>"),
    _("had %(parts)s, which the shop does not show"),
    _("1 frame"),
    _("%(number)s frames"),
    _("1 video"),
    _("%(number)s videos"),
    _("1 script"),
    _("%(number)s scripts"),
    _("1 form"),
    _("%(number)s forms"),
    _("1 drawing"),
    _("%(number)s drawings"),
    _("%(reason)s; only its text was imported"),
    _("a variation of any %(names)s: give each value a variation of its own"),
    _("a product without options"),
    _("the variant %(code)s"),
    _("several variants"),
    _("the product has more than %(number)s rows"),
    _("only the first %(number)s characters of a tag were imported"),
    _("its variations differ by %(number)s attributes; a product has at most %(most)s options"),
    _("has %(number)s characters; the most is %(most)s"),
    _("has %(number)s tags; the most is %(most)s"),
    _("%(value)s is not an amount: %(typed)s is not a currency"),
    _("%(value)s is not a number: %(typed)s stands beside it"),
    _("line %(number)s"),
    _(
        "has %(number)s cells, but the header has %(width)s, and the file ends there without a line end: it "
        "was cut off"
    ),
    _("has %(number)s cells, but the header has %(width)s; it is a part of a cell whose quote is not closed"),
    _("has %(number)s cells, but the header has %(width)s: cells are missing"),
    _(
        "has %(number)s cells, but the header has %(width)s: a cell that contains the delimiter %(shown)s lacks its"
        " quotes"
    ),
    _("is not %(encoding)s: it has the byte %(byte)s after %(shown)s"),
    _("a quote is not closed, so the cell would swallow the lines after it"),
    _("a quote within a quoted cell is not doubled"),
    _("the file ends within a quoted cell: it was cut off, or the quote is not closed"),
    _(
        "has %(number)s cells, but the header has %(width)s: it lacks the number that all rows have in column"
        " %(column)s"
    ),
    _(
        "has %(number)s cells, but the header has %(width)s: all rows have a number in column %(column)s, not"
        " %(cell)s"
    ),
    _("%(value)s is outside of the pictures’ folder"),
    _("%(value)s cannot be read or stored: %(why)s"),
    # Of one variant, product or picture.
    _("%(subject)s: %(reason)s"),
    _("(empty)"),
)

# Texts of their own that stand for a value.
WORDS = ("(empty)", "a product without options", "several variants")
