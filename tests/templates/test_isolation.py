"""Prices, names and addresses in sentences are isolated, and so keep their order in a text from right to left."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from storefront import i18n
from tests.processes import ROOT

TEMPLATES = sorted(str(file.relative_to(ROOT)) for file in (ROOT / "templates").rglob("*.html"))
# Values that may run in the other direction than the sentence. Texts in attributes are in single quotes.
FOREIGN = "title|product|device|name|sku|category|place|shop|amount|price|street|email|reference"
SENTENCE = re.compile(rf'\b(?:_|ngettext)\("[^"]*%\((?:{FOREIGN})\)s.*?\)(?: if | else | ~|\s*[}}%,\]])')


def bare_values(text: str) -> list[str]:
    """Return the sentences with a value that is neither put through `|bdi` nor within an element of its own."""
    inside = re.sub(r'<title>.*?</title>|\s[\w-]+="\{\{.*?\}\}"', "", text)
    found = [match[0] for match in SENTENCE.finditer(inside)]
    return [one for one in found if "|bdi" not in one and "<bdi>" not in one]


@pytest.mark.parametrize("name", TEMPLATES)
def test_values_in_sentences_are_isolated(name: str) -> None:
    assert bare_values((ROOT / name).read_text()) == []


def test_a_bare_value_is_found() -> None:
    assert bare_values('<p>{{ _("%(amount)s paid", amount=order.paid|money) }}</p>')
    assert not bare_values('<p>{{ _("%(amount)s paid", amount=order.paid|money|bdi) }}</p>')
    assert not bare_values("""<p title="{{ _('%(amount)s paid', amount=order.paid|money) }}"></p>""")


def test_an_isolated_value_is_escaped(app: Flask) -> None:
    render = app.jinja_env.from_string("{{ _('%(amount)s paid', amount=value|bdi) }}").render
    assert render(value="<5") == "<bdi>&lt;5</bdi> paid"
    assert str(i18n.isolate("ل.ب. 5")) == "<bdi>ل.ب. 5</bdi>"
