"""Why a file of a theme or a plugin is not used, for pages of the office; the log and commands say it in English."""

from __future__ import annotations

from storefront.i18n import mark_text as _
from storefront.known_sentences import KnownSentences


def translate_fault(sentence: str) -> str:
    """Return a sentence of a theme or a plugin in the language of the page; what a library wrote stays as it is."""
    return _TEXTS.translate(sentence)


_TEXTS = KnownSentences(
    (
        # A theme.
        _("theme/%(value)s is not used, the shop’s own is: %(why)s"),
        _("%(value)s cannot be rendered with it: %(detail)s"),
        _("line %(number)s: %(detail)s"),
        _("it cannot be read (%(detail)s)."),
        _("it names %(value)s, which does not exist."),
        _("Scripts import one another in a circle: %(names)s."),
        # A plugin.
        _("The plugin %(value)s is switched off: %(code)s: %(why)s"),
        _("%(value)s is not a storefront.plugins.Plugin."),
        _("%(value)s is not a name, or is taken: use a-z, 0-9 and _."),
        _("the shop has a blueprint %(value)s already."),
        _("the shop answers at %(value)s already."),
        _("the view of %(value)s has no permission_required."),
        _("a setting has no valid name: use a-z, 0-9 and _."),
        _("a task has no valid name, or two have the same one: use a-z, 0-9 and _."),
        _("a task has an interval of less than a second."),
        _("there is no view %(value)s for the menu."),
        _("there is no slot %(value)s; docs/extending.md lists them."),
        _("%(value)s has no folder versions."),
        _("names of rate limits begin with %(value)s. and differ."),
        _("a rate limit of a plugin is not counted in SQL."),
        _("%(value)s names no rate limit of the plugin."),
        _("the view %(value)s is under the rate limit %(code)s, which is missing."),
        _("the code %(value)s of a way to pay is taken."),
        _("the code %(value)s of a way of delivery is taken."),
        _(
            "%(value)s is %(code)s; write it as 100/minute, 20/5 minutes, or 100/minute+20 for at most 20 at once."
        ),
    ),
    texts_in=("why",),
)
