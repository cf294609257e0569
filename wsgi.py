"""The WSGI entry point: `gunicorn wsgi:app`, `flask run`."""

from storefront.app import create_app

app = create_app()
