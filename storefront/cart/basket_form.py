"""The form around the whole basket: the quantity of each line, and the button that was pressed.

Every button submits all quantities, so that none that was typed is lost. A line is written only if its quantity
differs from the one that the page showed: another tab may have changed the others since. Lines are named by their
ids, since a hundred SKUs could be more than a request may hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, zip_longest

from werkzeug.datastructures import MultiDict

from storefront.i18n import gettext as _
from storefront.unicode_text import parse_digits, read_whole_number

MAX_QUANTITY = 99  # of one variant
MAX_FORM_LINES = 200  # that one form changes: more than a basket has
_LINE_BUTTONS = ("remove", "save", "back", "take")
MAX_TAKEN = 10  # ids of lines in the parameter `taken`


@dataclass(frozen=True, slots=True)
class BasketForm:
    """The submitted form.

    Attributes:
        button: what was pressed: `update`, `checkout`, `take`, or for one line `remove`, `save` or `back`.
        line: the id of the button's line; 0 if it belongs to the whole basket, as `take` may.
        changes: the quantities that the shopper has changed, by the line's id.
        wrong: what was typed instead of a quantity, by the line's id; the page shows it again.
    """

    button: str
    line: int
    changes: dict[int, int]
    wrong: dict[int, str]


def read_basket_form(typed: MultiDict[str, str]) -> BasketForm:
    """Return the submitted form. The fields `line`, `quantity` and `shown` come once for each line, in its order."""
    button, pressed = _pressed(typed)
    changes, wrong = {}, {}
    fields = (typed.getlist("line"), typed.getlist("quantity"), typed.getlist("shown"))
    for line_id, quantity, shown in islice(zip_longest(*fields, fillvalue=""), MAX_FORM_LINES):
        line, number = read_id(line_id), read_quantity(quantity)
        if not line or quantity.strip() == shown or (line == pressed and button == "remove"):
            continue
        if number is None:
            wrong[line] = quantity[:20]
        else:
            changes[line] = number
    return BasketForm(button, pressed, changes, wrong)


def read_quantity(text: str) -> int | None:
    """Return a quantity from 1 to MAX_QUANTITY; None if the text is not one."""
    number = read_whole_number(text, most_digits=9)
    return number if number is not None and 1 <= number <= MAX_QUANTITY else None


def quantity_sentence() -> str:
    """Return the sentence beside a field that holds no quantity."""
    return _("Enter a quantity from 1 to %(most)d.", most=MAX_QUANTITY)


def read_taken(arguments: MultiDict[str, str]) -> list[int]:
    """Return the ids in the parameter `taken`: lines that were changed to the quantity that is left."""
    return [read_id(text) for text in arguments.getlist("taken")[:MAX_TAKEN]]


def _pressed(typed: MultiDict[str, str]) -> tuple[str, int]:
    for button in _LINE_BUTTONS:
        if line := read_id(typed.get(button, "")):
            return button, line
    return (
        "take" if typed.get("take") == "all" else "checkout" if typed.get("do") == "checkout" else "update"
    ), 0


def read_id(text: str) -> int:
    """Return the id of a line that a form or an address names; 0 if the text is not an id."""
    return parse_digits(text, most_digits=9) or 0
