"""An authenticator in software: makes passkeys and proves them as a browser with a security key would."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import encode_cbor

ORIGIN = "http://localhost"
_PRESENT, _VERIFIED, _NEW_CREDENTIAL = 0x01, 0x04, 0x40


class Authenticator:
    """One passkey. `count` is its counter, `verifies` whether it checks who uses it."""

    def __init__(self) -> None:
        self.id = secrets.token_bytes(32)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.count = 1
        self.verifies = True

    def create(self, options: str, origin: str = ORIGIN) -> str:
        """Return the browser's answer to options for a new passkey."""
        wanted = json.loads(options)
        point = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        credential = b"\0" * 16 + len(self.id).to_bytes(2, "big") + self.id + encode_cbor(cose)
        data = self._data(wanted["rp"]["id"], _NEW_CREDENTIAL) + credential
        attestation = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        client = _client_data("webauthn.create", wanted["challenge"], origin)
        self.count += 1
        return self._answer(clientDataJSON=client, attestationObject=attestation)

    def get(self, options: str, origin: str = ORIGIN) -> str:
        """Return the browser's proof for these options; the counter grows."""
        wanted = json.loads(options)
        data = self._data(wanted["rpId"])
        client = _client_data("webauthn.get", wanted["challenge"], origin)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        self.count += 1
        return self._answer(clientDataJSON=client, authenticatorData=data, signature=signature)

    def _data(self, party: str, flags: int = 0) -> bytes:
        flags |= _PRESENT | (_VERIFIED if self.verifies else 0)
        return hashlib.sha256(party.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _answer(self, **response: bytes) -> str:
        name = _text(self.id)
        parts: dict[str, Any] = {key: _text(value) for key, value in response.items()}
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": parts})


def _client_data(kind: str, challenge: str, origin: str) -> bytes:
    return json.dumps({"type": kind, "challenge": challenge, "origin": origin}).encode()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
