"""The WSGI entry point: `gunicorn wsgi:app`, `flask run`."""

import gc

# What a start makes stays. Looking through it for garbage, again and again, would be a quarter of a command's time.
gc.disable()

from storefront.app import create_app  # noqa: E402
from storefront.terminal import errors_end_process  # noqa: E402

with errors_end_process():
    app = create_app()
gc.freeze()
gc.enable()
