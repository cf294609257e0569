"""Static files under URLs that contain a hash of their content, so that browsers may keep them for ever.

The style sheets are many small files in the tree, and are served as three: one for the shop, one more for its pages
of one visitor (basket, checkout, account), and one for the office. They are joined here in the order of the cascade,
without comments and indentation (see `style_sheets`), because nothing is painted before they have come. A page should
not need thirty requests, and the project has no build step. Scripts name one another by their hashed names (see
`module_graph`), so a page's whole graph of modules is immutable; each page has one script, which imports the others.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask, Response, abort, current_app, request

from storefront.app_state import Hook
from storefront.web import compression, module_graph, style_sheets
from storefront.web.prefix import add_prefix
from storefront.web.theme import current_theme

# The order of the cascade; the files of each bundle's folders follow, by name.
STYLES = tuple(f"css/{name}.css" for name in ("reset", "tokens", "base", "layout", "utilities"))
BUNDLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "css/shop.css": (STYLES, ("components",)),
    "css/private.css": ((), ("private",)),  # pages name it after the shop's
    "css/admin.css": (STYLES, ("components", "private", "admin")),
}
# A theme's own rules, after all others of the shop's bundle.
THEME_SHEET = "css/theme.css"
FOREVER = "public, max-age=31536000, immutable"
# Paths that browsers and phones ask for by themselves, and the files that answer.
ICONS = {
    "/favicon.ico": "img/favicon.ico",
    "/apple-touch-icon.png": "img/apple-touch-icon.png",
    "/apple-touch-icon-precomposed.png": "img/apple-touch-icon.png",
}


own_icon = Hook[[str], bytes | None]("web.own_icon")
"""Returns the file of the merchant's own icon for one of these paths; None if there is none."""


@dataclass(slots=True)
class StaticFile:
    """A file to serve: body, type, ETag, and the encoded bodies that were requested so far."""

    body: bytes
    mimetype: str
    etag: str
    encoded: dict[str, bytes] = field(default_factory=dict)

    def encode(self, encoding: str) -> bytes:
        """Return the body compressed at the best quality; compressed once, then kept."""
        if encoding not in self.encoded:
            self.encoded[encoding] = compression.encode(self.body, encoding, quality=11)
        return self.encoded[encoding]


class StaticFiles:
    """All static files in memory, by name and by hashed name.

    Args:
        roots: the folders; a file of a later one takes the place of that of the same name in those before it.

    """

    def __init__(self, *roots: Path) -> None:
        self._roots = roots
        self._files: dict[str, StaticFile] = {}
        self.load()

    def load(self) -> None:
        """Read the whole tree (a few hundred kB) into memory.

        Raises:
            ModuleCycleError: scripts import one another in a circle.
            UnicodeDecodeError: a script or a style sheet is not UTF-8.
        """
        names = {name: path for root in self._roots for name, path in find_files(root)}
        bodies = {name: names[name].read_bytes() for name in sorted(names)}
        scripts = {
            name: module_graph.remove_comments(body.decode())
            for name, body in bodies.items()
            if name.endswith(".js")
        }
        files: dict[str, StaticFile] = {}

        def hashed_name(name: str) -> str:
            return _hashed_name(name, files[name].etag)

        for name in module_graph.sort_modules(scripts):  # the hash of a module is in those that name it
            files[name] = _static_file(name, module_graph.replace_names(name, scripts, hashed_name).encode())
        if module_graph.ELEMENT_LOADER in scripts:
            loader = module_graph.write_element_table(scripts, hashed_name)
            files[module_graph.ELEMENT_LOADER] = _static_file(module_graph.ELEMENT_LOADER, loader.encode())
        files |= {name: _static_file(name, body) for name, body in bodies.items() if name not in scripts}
        for bundle, (first, folders) in BUNDLES.items():
            sheets = [*first]
            for folder in folders:
                sheets += sorted(name for name in files if name.startswith(f"css/{folder}/"))
            if bundle == "css/shop.css":
                sheets.append(THEME_SHEET)
            joined = "\n".join(files[name].body.decode() for name in sheets if name in files)
            files[bundle] = _static_file(bundle, style_sheets.minify(joined).encode())
        self._files = files

    def url(self, name: str) -> str:
        """Return the URL of a file, which contains its content's hash.

        Raises:
            KeyError: there is no such file.
        """
        return add_prefix(f"/static/{_hashed_name(name, self._files[name].etag)}")

    def find(self, path: str) -> tuple[StaticFile, bool] | None:
        """Return the file for a path below /static/, and whether the path has the hash of its content."""
        if path in self._files:
            return self._files[path], False
        stem, _, suffix = path.rpartition(".")
        stem, _, digest = stem.rpartition(".")
        found = self._files.get(f"{stem}.{suffix}")
        return (found, digest == found.etag) if found and len(digest) == 12 else None


def init_app(app: Flask) -> None:
    """Serve /static/ and the icons; offer `static_url(name)` to templates."""
    files = _load_files(app)

    @app.template_global()
    def static_url(name: str) -> str:
        if current_app.debug:
            files.load()
        return files.url(name)

    @app.get("/static/<path:path>", endpoint="static")
    def serve(path: str) -> Response:
        found = files.find(path)
        if found is None:
            abort(404)
        file, exact = found
        encoding = compression.negotiate(request.accept_encodings) if len(file.body) > 500 else None
        if not file.mimetype.startswith(("text/", "image/svg", "application/json", "application/manifest")):
            encoding = None
        response = Response(file.encode(encoding) if encoding else file.body, mimetype=file.mimetype)
        if encoding:
            response.headers["Content-Encoding"] = encoding
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = FOREVER if exact else "no-cache"
        response.set_etag(f"{file.etag}-{encoding or 'identity'}")
        response.make_conditional(request)
        return response

    @app.get("/favicon.ico")
    @app.get("/apple-touch-icon.png")
    @app.get("/apple-touch-icon-precomposed.png")
    def icon() -> Response:
        """Serve the icon of the shop, or the one that came with it."""
        path = request.url_rule.rule if request.url_rule else request.path
        body = next((found for found in own_icon.fire(path) if found), None)
        response = serve(ICONS[path]) if body is None else _own_response(path, body)
        response.headers["Cache-Control"] = "public, max-age=86400"
        return response


def _own_response(path: str, body: bytes) -> Response:
    response = Response(body, mimetype="image/x-icon" if path.endswith(".ico") else "image/png")
    response.set_etag(hashlib.sha256(body).hexdigest()[:12])
    response.make_conditional(request)
    return response


def find_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the name and the path of each file below a folder."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path


def _load_files(app: Flask) -> StaticFiles:
    """Return the static files with the theme's; without all of the theme's if they cannot be served together."""
    own, theme = Path(app.root_path).parent / "static", current_theme(app)
    if not theme.static.is_dir():
        return StaticFiles(own)
    try:
        return StaticFiles(own, theme.static)
    except (OSError, UnicodeDecodeError, module_graph.ModuleCycleError) as error:
        theme.refuse("static", f"{str(error).rstrip('.')}.")
        return StaticFiles(own)


def _hashed_name(name: str, etag: str) -> str:
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.{etag}.{suffix}"


def _static_file(name: str, body: bytes) -> StaticFile:
    mimetype = {".js": "text/javascript", ".webmanifest": "application/manifest+json"}.get(
        Path(name).suffix, mimetypes.guess_type(name)[0] or "application/octet-stream"
    )
    return StaticFile(body, mimetype, hashlib.sha256(body).hexdigest()[:12])
