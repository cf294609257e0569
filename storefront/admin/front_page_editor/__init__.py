"""/admin/front-page: the front page in sections, with a preview beside the form and versions with undo."""
