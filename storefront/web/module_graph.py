"""The JavaScript modules of the static tree and what they import: browsers resolve names relative to the importer.

A module names another one as a quoted relative path that ends in `.js`, in `import … from "../lib/a.js"`, in
`import("./b.js")` or in `new URL("../workers/c.js", import.meta.url)`. Other texts are left alone. The element loader
gets a table of all custom elements and the modules of each.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from storefront.errors import StorefrontError

_NAME = re.compile(r"""(["'])(\.{1,2}/[\w./-]+\.js)["']""")
_IMPORT = re.compile(r"""\b(?:from|import) ["'](\.{1,2}/[\w./-]+\.js)["']""")

# A comment that fills whole lines; a script has no text of several lines in which one could look like it.
_COMMENT = re.compile(r"^[ \t]*(?:/\*\*[^*]*\*+(?:[^/*][^*]*\*+)*/|//[^\n]*)\n", re.MULTILINE)
ELEMENT_LOADER = "js/element-loader.js"
_ELEMENTS = "js/elements/"
_TABLE = "const modules = {};"


class ModuleCycleError(StorefrontError):
    """Modules name one another in a circle, so no hash can be part of all their names."""


def find_imports(name: str, scripts: Mapping[str, str]) -> tuple[str, ...]:
    """Return the modules of the tree that a browser loads with this one: its static imports."""
    paths = (_resolve(name, path) for path in _IMPORT.findall(scripts[name]))
    return tuple(path for path in dict.fromkeys(paths) if path in scripts)


def find_all_imports(name: str, scripts: Mapping[str, str]) -> tuple[str, ...]:
    """Return all modules that a module imports, directly or through others, nearest first."""
    found: list[str] = []
    waiting = list(find_imports(name, scripts))
    for each in waiting:
        if each not in found:
            found.append(each)
            waiting.extend(find_imports(each, scripts))
    return tuple(found)


def sort_modules(scripts: Mapping[str, str]) -> Iterable[str]:
    """Return the names of all scripts, each after those that it names.

    Raises:
        ModuleCycleError: there is no such order.
    """
    named = {
        name: {path for found in _NAME.finditer(text) if (path := _resolve(name, found[2])) in scripts}
        for name, text in scripts.items()
    }
    try:
        return list(TopologicalSorter(named).static_order())
    except CycleError as error:
        raise ModuleCycleError(
            f"Scripts import one another in a circle: {' → '.join(error.args[1])}."
        ) from error


def replace_names(name: str, scripts: Mapping[str, str], new_name: Callable[[str], str]) -> str:
    """Return the text of a script in which each name of another script of the tree is replaced.

    Args:
        name: the script's own name.
        scripts: the text of each script by its name.
        new_name: returns the new name of a script; in the same folder.
    """

    def replace(found: re.Match[str]) -> str:
        quote, path = found.groups()
        wanted = _resolve(name, path)
        if wanted not in scripts:
            return found[0]
        return f"{quote}{posixpath.dirname(path)}/{posixpath.basename(new_name(wanted))}{quote}"

    return _NAME.sub(replace, scripts[name])


def remove_comments(text: str) -> str:
    """Return a script without the comments that fill whole lines, which no browser needs."""
    return _COMMENT.sub("", text)


def write_element_table(scripts: Mapping[str, str], new_name: Callable[[str], str]) -> str:
    """Return the text of the element loader with its table: the modules of each custom element, by name.

    An element's modules are its own, named like the element, and all that it imports; their names are relative to the
    loader.
    """
    folder = posixpath.dirname(ELEMENT_LOADER)
    table = {
        posixpath.basename(name).removesuffix(".js"): [
            f"./{posixpath.relpath(new_name(each), folder)}"
            for each in (name, *find_all_imports(name, scripts))
        ]
        for name in sorted(scripts)
        if name.startswith(_ELEMENTS)
    }
    filled = f"const modules = {json.dumps(table, separators=(',', ':'))};"
    return scripts[ELEMENT_LOADER].replace(_TABLE, filled)


def _resolve(name: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
