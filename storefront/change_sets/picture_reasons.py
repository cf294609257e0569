"""Reasons why a picture cannot be used or fetched. `reason_texts` translates them."""

from __future__ import annotations

from storefront.i18n import mark_text as _

TEXTS = (
    _("It is not a file."),
    _("The file is not a JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF picture."),
    _("HEIC pictures cannot be read. Save it as JPEG, as browsers on phones do."),
    _("SVG pictures are refused, since they can contain scripts. Save it as PNG."),
    _("The picture has %(width)s × %(height)s pixels: too many."),
    _("The picture has %(width)s × %(height)s pixels: it is too tall."),
    _("The picture has %(number)s bytes; the most is %(most)s."),
    _("The picture has more than %(number)s bytes."),
    _("The picture takes longer than %(number)s s to decode."),
    _("The picture needs too much memory."),
    _("The picture cannot be decoded with the memory and time that a picture gets."),
    _("The picture cannot be read: %(why)s."),
    # Pictures at web addresses.
    _("it took longer than %(number)s s"),
    _("it is larger than %(number)s bytes"),
    _("the server answered %(number)s"),
    _("more than %(number)s redirects"),
    _("it is not the name of a file"),
    _("it cannot be reached: %(why)s"),
    _("there is no server of this name"),
    _("the server refuses the connection"),
    _("the certificate of the server is not valid"),
    _("the server cannot be reached from here"),
    _("only http and https addresses can be used"),
    _("the host has no address"),
    _("%(host)s leads to %(address)s, which is not a public address"),
)
