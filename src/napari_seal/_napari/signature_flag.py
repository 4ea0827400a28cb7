"""What is said of a signature when a file is opened: by Preferences, one that must be there."""

from __future__ import annotations

from napari_seal._napari.signature_preferences import load_signature_preferences
from napari_seal._napari.signature_words import signed_text, signer_text, state_text, tone
from napari_seal._trust.states import Signature
from napari_seal._verify.looks import SIGNS, Tone


def is_alarming(state: Signature) -> bool:
    """Whether to warn; a key that is not known is no reason to, unless a trusted one must be."""
    return tone(state, required=load_signature_preferences().required) is Tone.BAD


def headline(state: Signature) -> str:
    """Return the first words on a file that is intact, whatever its signature is."""
    return (
        f"{SIGNS[Tone.BAD]} signature {state}"
        if is_alarming(state)
        else f"{SIGNS[Tone.GOOD]} intact"
    )


def signed_sentence(state: Signature, signer: str | None) -> str:
    """Return who signed; empty where nobody did, and nobody had to."""
    required = load_signature_preferences().required
    if state is Signature.NONE and not required:
        return ""
    return f"{signed_text(state, signer, required=required)}."


def signed_help(state: Signature, signer: str | None) -> str:
    """Return the same in a few words, for the corner of the status bar beside the verdict."""
    required = load_signature_preferences().required
    if state is Signature.INVALID or (state is Signature.NONE and not required):
        return ""  # the verdict says it, or there is nothing to say
    if state is Signature.TRUSTED:
        return f"signed by {signer_text(signer)}" if signer else "signed"
    return f"signature {state_text(state, required=required)}"
