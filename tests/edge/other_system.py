"""gunicorn's configuration as on a system without what only Linux has, and without gunicorn's parser in C."""

import os
import runpy
import socket
import sys

from gevent import monkey

monkey.patch_all()
sys.modules["gunicorn_h1c"] = None  # type: ignore[assignment]  # an import raises ImportError
del socket.TCP_USER_TIMEOUT, os.sched_getaffinity

from storefront import platform_features  # noqa: E402

for _name in [name for name in vars(platform_features) if name.startswith("HAS_")]:
    setattr(platform_features, _name, False)
platform_features.memory_folder = lambda: None
globals().update(runpy.run_path("deploy/gunicorn.conf.py"))
