"""Every text for people goes through gettext, so that it can be translated (storefront/i18n.py)."""

from __future__ import annotations

import ast
import html.parser
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import Environment, nodes

from storefront import i18n

pytestmark = pytest.mark.any_database

ROOT = Path(__file__).parents[2]
FOR_PROGRAMMERS = {"api/docs.html"}  # English, as the document that it shows
TEMPLATES = sorted(
    {path.relative_to(ROOT / "templates").as_posix() for path in (ROOT / "templates").rglob("*.html")}
    - FOR_PROGRAMMERS
)
SCRIPTS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "static" / "js").rglob("*.js"))
GETTEXT = {"_", "_l", "gettext", "ngettext", "lazy_gettext"}
# Rooms whose texts people read. Commands, settings, the doctor, logs and the API are for operators and programmers.
ROOMS = (
    "accounts",
    "admin",
    "cart",
    "catalog",
    "checkout",
    "content",
    "history",
    "live",
    "mail",
    "postal",
    "rate_limiting",
    "shop_settings",
    "stock",
    "web",
)
MODULES = sorted(
    path.relative_to(ROOT).as_posix()
    for room in ROOMS
    for path in (ROOT / "storefront" / room).rglob("*.py")
    if path.name != "cli.py" and path.parent.name != "shopify"
)
FOR_OPERATORS = {
    "accounts/sign_in_links.py": "what the terminal says",
    "accounts/user_agents.py": "names of browsers and systems",
    "catalog/categories.py": "errors of programs that move categories",
    "catalog/picture_renditions.py": "lines of import reports",
    "catalog/pictures.py": "lines of import reports",
    "checkout/order_files/order_export.py": "headers of a file",
    "checkout/payment/events.py": "answers to the payment provider, and log lines",
    "catalog/product_writer/edit_references.py": "faults in the words of the API; the form has its own",
    "catalog/product_writer/placement.py": "faults in the words of the API; the form has its own",
    "catalog/product_writer/totals.py": "faults in the words of the API; the form has its own",
    "catalog/product_writer/validation.py": "faults in the words of the API; the form has its own",
    "catalog/product_writer/variants.py": "faults in the words of the API; the form has its own",
    "checkout/payment/stripe_checkout.py": "errors of the provider's API",
    "checkout/payment/stripe_messages.py": "answers to the payment provider, and log lines",
    "rate_limiting/refusals.py": "problem details for programs",
    "rate_limiting/report.py": "a command",
    "stock/stock_corrections.py": "errors of programs that set stock",
    "stock/inventory.py": "errors of programs that set stock",
    "stock/ledger.py": "errors of programs that set stock",
    "stock/stock_taking_errors.py": "errors of programs that set stock",
    "stock/stream.py": "errors of programs that open streams",
    "web/module_graph.py": "an error that developers see",
    "web/prefix.py": "answers outside the path of the shop",
    "web/hosts.py": "the answer to a developer under a foreign name",
}
SPOKEN = {"alt", "aria-label", "placeholder", "title"}  # attributes that people read or hear
WORD = re.compile(r"[A-Za-z]{2,}")
# A text by its look: it begins with a capital letter and goes on with a small one, or a space.
SENTENCE = re.compile(r"[A-Z][a-z’']+(?:[ .,:!?…]|$)")
# Names of schema.org and of programs.
NOT_TEXTS = set(
    "InStock OutOfStock BackOrder LimitedAvailability BreadcrumbList ListItem Product Offer Brand".split()
) | {"Redis: "}


class Texts(html.parser.HTMLParser):
    """Collects what people would read of a template whose expressions are left out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [
            value
            for name, value in attrs
            if name in SPOKEN and value and WORD.search(value) and value[0] != "/"
        ]
        if tag in ("script", "style", "code"):
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        is_attributes = re.fullmatch(r'(\s*[\w-]+="[^"]*")+\s*', data)  # of a macro that writes only those
        if not self._inside and not is_attributes and WORD.search(data):
            self.found.append(data.strip())


def untranslated(source: str) -> list[str]:
    """Return the texts of a template that do not go through gettext."""
    tree = Environment(extensions=["jinja2.ext.i18n"], autoescape=True).parse(source)
    # An expression becomes a mark, so that tags and attributes around it stay whole.
    markup = "".join(
        part.data if isinstance(part, nodes.TemplateData) else "◊"
        for output in tree.find_all(nodes.Output)
        for part in output.nodes
    )
    texts = Texts()
    texts.feed(markup)
    return texts.found + [text for text in constants(tree) if SENTENCE.match(text) and text not in NOT_TEXTS]


def constants(node: nodes.Node) -> Iterator[str]:
    """Yield the string constants below a node, except those that are given to gettext."""
    for child in node.iter_child_nodes():
        if (
            isinstance(child, nodes.Call)
            and isinstance(child.node, nodes.Name)
            and child.node.name in GETTEXT
        ):
            for value in child.kwargs:
                yield from constants(value)
            continue
        if isinstance(child, nodes.Const) and isinstance(child.value, str):
            yield child.value
        yield from constants(child)


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_has_no_untranslated_text(name: str) -> None:
    assert untranslated((ROOT / "templates" / name).read_text()) == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_only_constants_are_translated(name: str) -> None:
    """The translated text is markup, so it must never come from a value."""
    tree = Environment(extensions=["jinja2.ext.i18n"]).parse((ROOT / "templates" / name).read_text())
    calls = [
        call
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in GETTEXT
    ]
    assert all(isinstance(call.args[0], nodes.Const) for call in calls)


@pytest.mark.parametrize(
    "source",
    [
        "<p>Your basket</p>",
        "<a aria-label='Your basket'>{{ x }}</a>",
        "{{ 'Your basket' if x else _('Basket') }}",
        "{{ field(form, 'name', 'Your name') }}",
        "{{ _('Hello %(name)s', name='Somebody else') }}",
        "{% set title = 'Your basket' %}",
    ],
)
def test_untranslated_text_is_found(source: str) -> None:
    assert untranslated(source)


@pytest.mark.parametrize("name", SCRIPTS)
def test_script_takes_its_texts_from_the_page(name: str) -> None:
    code = re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", (ROOT / name).read_text(), flags=re.S)
    literals = re.findall(r'"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`', code)
    found = [text for pair in literals for text in pair if re.match(r"[A-Z][a-z]+ [a-z]", text)]
    assert found == []


def python_texts(source: str) -> list[str]:
    """Return the string constants of a module that read like a text for people and do not go through gettext."""
    tree = ast.parse(source)
    skipped = {
        id(part)
        for node in ast.walk(tree)
        if _is_docstring(node) or (isinstance(node, ast.Call) and _is_translated_or_logged(node))
        for part in ast.walk(node)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped
        if re.match(r"[A-Z][a-z’']*( [a-z]|\.$)", node.value)
    ]


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_translated_or_logged(call: ast.Call) -> bool:
    name = ast.unparse(call.func)
    return name in GETTEXT or re.search(r"\blog(ger)?\.\w+$", name) is not None


@pytest.mark.parametrize("name", [name for name in MODULES if name.partition("/")[2] not in FOR_OPERATORS])
def test_module_has_no_untranslated_text(name: str) -> None:
    assert python_texts((ROOT / name).read_text()) == []


def test_untranslated_text_in_python_is_found() -> None:
    assert python_texts('page("Your basket is empty.")') == ["Your basket is empty."]
    assert python_texts('page(f"Only {left} left", "Only a few left")') == ["Only a few left"]
    assert python_texts('page(_("Your basket is empty."))') == []


def test_values_are_escaped_in_templates_only(app: Flask) -> None:
    render = app.jinja_env.from_string("{{ _('<b>%(name)s</b>', name=name) }}").render
    assert render(name="<i>") == "<b>&lt;i&gt;</b>"
    assert i18n.gettext("%(name)s", name="<i>") == "<i>"


class Shouted(i18n.NullTranslations):
    """Every text in capitals."""

    def gettext(self, message: str) -> str:
        return message.upper()

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        return (singular if count == 1 else plural).upper().replace("%(NUM)D", "%(num)d")


def test_texts_come_from_the_translations(app: Flask) -> None:
    i18n.set_translations(app, Shouted())
    assert i18n.gettext("In stock") == str(i18n.lazy_gettext("In stock")) == "IN STOCK"
    assert i18n.ngettext("%(num)d item", "%(num)d items", 2) == "2 ITEMS"
    assert app.jinja_env.from_string("{{ _('In stock') }}").render() == "IN STOCK"


def test_a_text_needs_no_application() -> None:
    assert i18n.gettext("In stock") == "In stock"


@pytest.mark.parametrize(
    ("locale", "number", "percent"), [("en_US", "1,234", "8.875%"), ("de_DE", "1.234", "8,875\xa0%")]
)
def test_numbers_are_written_as_in_the_locale(app: Flask, locale: str, number: str, percent: str) -> None:
    app.config["SHOP_SETTINGS"] = {"locale": locale}
    render = app.jinja_env.from_string("{{ 1234|number }} {{ '8.875'|percent }} {{ '20.0'|percent }}").render
    assert render() == f"{number} {percent} {percent.replace('8,875', '20').replace('8.875', '20')}"


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_writes_no_number_in_english_alone(name: str) -> None:
    assert not re.search(r":,\}|~ *\"[^\"]*%\"", (ROOT / "templates" / name).read_text())


@pytest.mark.parametrize("state", ["placed", "paid", "shipped", "delivered", "cancelled", "refunded"])
def test_state_of_an_order_is_a_word_of_the_translations(app: Flask, state: str) -> None:
    i18n.set_translations(app, Shouted())
    text = '{% from "components/order-state.html" import order_state %}{{ order_state(state) }}'
    assert f">{state.upper()}<" in app.jinja_env.from_string(text).render(state=state)
