"""How the state of a signature is shown: a sign and words first, colour only beside them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from napari_seal._text import printable
from napari_seal._trust.states import Signature
from napari_seal._verify.looks import SIGNS, Tone

#: From good to bad, as tables sort them.
SIGNATURES: Final = (
    Signature.TRUSTED,
    Signature.UNKNOWN_KEY,
    Signature.NONE,
    Signature.NOT_CHECKED,
    Signature.EXPIRED,
    Signature.REVOKED,
    Signature.INVALID,
)
_BAD: Final = (Signature.EXPIRED, Signature.REVOKED, Signature.INVALID)
_SAID: Final = {
    Signature.NONE: "Not signed",
    Signature.TRUSTED: "Signed by {}, trusted",
    Signature.UNKNOWN_KEY: "Signed with an unknown key, {}",
    Signature.EXPIRED: "Signed by {}, outside of the time for which the key is valid",
    Signature.REVOKED: "Signed by {}, whose key is revoked",
    Signature.INVALID: "The signature is invalid",
    Signature.NOT_CHECKED: "Signed, and the signature was not checked",
}
_FINGERPRINT: Final = re.compile(r"sha256:[0-9a-f]{64}")
# Hexadecimal digits of a fingerprint that are shown; the whole of it is in the details.
_SHOWN: Final = 12


def signature_of(entry: Mapping[str, Any]) -> tuple[Signature, str | None]:
    """Return state and signer as they stand in ``layer.metadata["seal"]``."""
    state, signer = entry.get("signature"), entry.get("signer")
    if not isinstance(state, str) or state not in set(Signature):
        return Signature.NONE, None
    return Signature(state), signer if isinstance(signer, str) else None


def tone(state: Signature, *, required: bool = False) -> Tone:
    """What a state means to whoever looks after the files.

    Parameters
    ----------
    state : Signature
        Of a file.
    required : bool
        Whether it must be `trusted`.
    """
    if state is Signature.TRUSTED:
        return Tone.GOOD
    return Tone.BAD if required or state in _BAD else Tone.MILD


def state_text(state: Signature, *, required: bool = False) -> str:
    """Return sign and word, as in tables."""
    return f"{SIGNS[tone(state, required=required)]} {state}"


def signed_text(state: Signature, signer: str | None, *, required: bool = False) -> str:
    """Return who signed, in a line for people.

    Examples
    --------
    >>> signed_text(Signature.TRUSTED, "Robot 1")
    '✓ Signed by Robot 1, trusted'
    """
    sign = SIGNS[tone(state, required=required)]
    return f"{sign} {_SAID[state].format(signer_text(signer) or 'somebody')}"


def signer_text(signer: str | None) -> str:
    """Return a signer's name, escaped, or the beginning of the key's fingerprint."""
    if signer is None:
        return ""
    if _FINGERPRINT.fullmatch(signer):
        return f"{signer[: len('sha256:') + _SHOWN]}…"
    return printable(signer, 100)
