"""The states of a signature, which stand beside a verdict."""

from __future__ import annotations

from enum import StrEnum


class Signature(StrEnum):
    """State of the signature, always beside the outcome and never mixed into it."""

    NONE = "none"
    TRUSTED = "trusted"
    UNKNOWN_KEY = "unknown-key"
    EXPIRED = "expired"
    REVOKED = "revoked"
    INVALID = "invalid"
    NOT_CHECKED = "not-checked"

    @property
    def meaning(self) -> str:
        """One sentence for people."""
        return _MEANINGS[self]


_MEANINGS = {
    Signature.NONE: "There is no signature.",
    Signature.TRUSTED: "Signed with a key that is trusted, and was valid when it was used.",
    Signature.UNKNOWN_KEY: "Signed, with a key that is not in the list of trusted ones.",
    Signature.EXPIRED: "Signed with a known key, outside of the time for which it is valid.",
    Signature.REVOKED: "Signed with a known key that is not to be trusted any more.",
    Signature.INVALID: "The signature is not one of these data: somebody sealed them again.",
    Signature.NOT_CHECKED: "There is a signature, and it could not be checked.",
}
