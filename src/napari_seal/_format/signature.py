"""The signature behind a record: how it is spelt, and which bytes it covers.

It is the last thing in the text, without spaces, behind the ``record`` of a seal or of an index::

    …,"record":"sha256:…","signature":{"algorithm":"ed25519","key":"…","value":"…"}}}
    └────── covered ─────┘

Covered are all bytes before ``,"signature":``, as they are.  Of which kind the key is and whether
it is trusted is not asked here.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from napari_seal._text import printable

#: RFC 8032, section 5.1: Ed25519 over the bytes themselves.
ED25519: Final = "ed25519"
#: Bytes of a signature of this kind.
_SIZE: Final = 64

_KEYS: Final = ("algorithm", "key", "value")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealSignature:
    """A signature as it stands in a file: a claim until it is verified.

    Parameters
    ----------
    algorithm : str
        ``"ed25519"``, or one that this version does not know.
    key : str
        The line of the signer's public key in PEM: Base64 of its SubjectPublicKeyInfo.
    value : str
        Base64 of the signature.
    problem : str, optional
        What is wrong with how it is spelt; such a signature is invalid.
    """

    algorithm: str
    key: str
    value: str
    problem: str | None = None

    @property
    def known(self) -> bool:
        """Whether the algorithm is one that this version knows."""
        return self.algorithm == ED25519


#: Signs bytes.
Signer = Callable[[bytes], SealSignature]


def close(text: bytes, braces: bytes, signer: Signer | None) -> bytes:
    """End a text with its signature, if there is to be one, and the closing braces."""
    return text + (b"" if signer is None else _spelt(signer(text))) + braces


def _spelt(block: SealSignature) -> bytes:
    text = f',"signature":{{"algorithm":"{block.algorithm}","key":"{block.key}"'
    return f'{text},"value":"{block.value}"}}'.encode("ascii", "backslashreplace")


def covered(text: bytes, block: SealSignature, braces: bytes) -> memoryview | None:
    """The bytes that a signature covers; None where it is not spelt as it must be."""
    end = _spelt(block) + braces
    return memoryview(text)[: -len(end)] if text.endswith(end) else None


def parse(value: Any) -> SealSignature:
    """Read a signature from its JSON value; what is wrong with it is in ``problem``."""
    if not isinstance(value, dict):
        return _malformed("it is no object")
    algorithm, key, signature = (value.get(name) for name in _KEYS)
    if not isinstance(algorithm, str):
        return _malformed("it names no algorithm")
    if algorithm != ED25519:
        # What else such a signature holds, this version cannot know.
        return SealSignature(
            algorithm=algorithm,
            key=key if isinstance(key, str) else "",
            value=signature if isinstance(signature, str) else "",
        )
    if tuple(value) != _KEYS or not isinstance(key, str) or not isinstance(signature, str):
        return _malformed(f"its keys are not the texts {', '.join(_KEYS)}, in this order")
    problem = None
    if decode(signature) is None:
        problem = f"its value {printable(signature, 100)} is not the Base64 of {_SIZE} bytes"
    return SealSignature(algorithm=algorithm, key=key, value=signature, problem=problem)


def _malformed(problem: str) -> SealSignature:
    return SealSignature(algorithm="", key="", value="", problem=problem)


def decode(value: str) -> bytes | None:
    """The bytes of a signature; None where this is not their only Base64 (RFC 4648, 3.5)."""
    try:
        raw = base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error):
        return None
    return raw if len(raw) == _SIZE and base64.b64encode(raw).decode("ascii") == value else None
