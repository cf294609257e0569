"""An SMTP server for tests, which keeps the mails that it receives."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar


class Mailbox(socketserver.StreamRequestHandler):
    """The part of SMTP (RFC 5321) that smtplib uses.

    Attributes:
        received: the mails so far, as pairs of recipient and message.
        refuses: whether recipients are refused.
        meanwhile: called before a mail is accepted.
    """

    received: ClassVar[list[tuple[str, str]]] = []
    refuses: ClassVar[bool] = False
    meanwhile: ClassVar[Callable[[], None]] = staticmethod(lambda: None)

    def handle(self) -> None:
        self.say("220 mailbox")
        recipient = ""
        while line := self.rfile.readline().decode().strip():
            word = line.upper()
            if word.startswith("EHLO"):
                self.say("250-mailbox\r\n250 AUTH PLAIN LOGIN")
            elif word.startswith("AUTH"):
                self.say("235 welcome")
            elif word.startswith("RCPT"):
                recipient = line.partition("<")[2].rstrip(">")
                self.say("550 no such mailbox" if self.refuses else "250 fine")
            elif word == "DATA":
                self.say("354 go on")
                lines = iter(lambda: self.rfile.readline().decode().replace("\r\n", "\n"), ".\n")
                text = "".join(line.removeprefix(".") for line in lines)  # RFC 5321, 4.5.2
                self.meanwhile()
                self.received.append((recipient, text))
                self.say("250 taken")
            else:
                self.say("221 bye" if word == "QUIT" else "250 fine")

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def mailbox(port: int) -> Iterator[list[tuple[str, str]]]:
    """Run an SMTP server on this port; yields the received mails as pairs of recipient and message."""
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    Mailbox.received.clear()
    with socketserver.ThreadingTCPServer(("127.0.0.1", port), Mailbox) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield Mailbox.received
        server.shutdown()
