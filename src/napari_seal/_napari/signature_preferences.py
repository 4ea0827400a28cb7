"""What a person set in Preferences > napari-seal about signatures: the key, and whom to trust."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_seal._napari import preferences
from napari_seal._napari.notices import warn
from napari_seal._napari.preferences import settings_page
from napari_seal._text import printable
from napari_seal.errors import TrustError

if TYPE_CHECKING:
    from napari_seal import Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class SignaturePreferences:
    """What was set.

    Parameters
    ----------
    key : str
        File of the private key that signs; empty to save without a signature.
    trust : str
        Folder or file of the public keys that are trusted; empty for the user's own list.
    required : bool
        Whether every file must have a signature by one of them.
    """

    key: str = ""
    trust: str = ""
    required: bool = False


def load_signature_preferences() -> SignaturePreferences:
    """Return what was set, or the defaults."""
    page = settings_page()
    if page is None:
        return SignaturePreferences()
    chosen = page.signatures
    return SignaturePreferences(
        key=_path(chosen.key), trust=_path(chosen.trust), required=bool(chosen.required)
    )


def can_be_set() -> bool:
    """Whether there is a page to set something on."""
    return settings_page() is not None


def set_key(path: str) -> None:
    """Choose the key that signs from now on; empty for none."""
    settings_page().signatures.key = path


def set_trust(path: str) -> None:
    """Choose the keys that are trusted from now on; empty for the user's own list."""
    settings_page().signatures.trust = path


def follow(callback: Callable[[Any], None]) -> None:
    """Have a bound method called whenever something is set, as long as its object lives."""
    preferences.follow("signatures", callback)


def unfollow(callback: Callable[[Any], None]) -> None:
    """End that."""
    preferences.unfollow("signatures", callback)


def trust_for_opening() -> Trust | None:
    """Return the keys by which signatures of opened files are judged; None for the user's own list.

    A list that cannot be used is no reason not to show a file: nobody is trusted then, and a
    warning says why.
    """
    from napari_seal import Trust

    path = load_signature_preferences().trust
    if not path:
        return None
    try:
        return Trust.load(path)
    except TrustError as error:
        warn(f"No signer is trusted: {printable(error)}. See Preferences > napari-seal.")
        return Trust()


def _path(text: str) -> str:
    text = text.strip()
    return os.path.abspath(os.path.expanduser(text)) if text else ""
