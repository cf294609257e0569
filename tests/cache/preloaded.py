"""What the server of `tests/cache/workers.py` does before it forks processes: the first work of each of them."""

from __future__ import annotations

import gc
import tempfile
from pathlib import Path

from sqlalchemy.orm import configure_mappers

from tests.conftest import make_app

with tempfile.TemporaryDirectory() as _folder:
    # It connects to nothing; shops that follow share its files and routes.
    make_app(f"sqlite:///{_folder}/shop.sqlite3", Path(_folder)).url_map.update()
configure_mappers()
gc.freeze()  # else each process would copy most of this memory when it looks for garbage
