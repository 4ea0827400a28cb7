"""The private key of Preferences, ready to sign with; its passphrase is asked for once a session.

::

    file of the key ──▶ not encrypted ────────────────────────────▶ key
                   └──▶ encrypted ──▶ keyring ──▶ dialog ──▶ ... ──▶ key, until napari is closed
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from napari_seal._napari.notices import warn
from napari_seal._napari.saving import keyring_store
from napari_seal._napari.signature_preferences import load_signature_preferences
from napari_seal._napari.signature_words import signer_text
from napari_seal._text import printable
from napari_seal.errors import KeyFileError, MissingPackageError, PassphraseError, SealError

if TYPE_CHECKING:
    from napari_seal import PublicKey, SigningKey

# Which file it was: one that was replaced is another key.
Identity = tuple[str, int, int]
_UNLOCKED: dict[Identity, SigningKey] = {}
_WARNED: set[str] = set()


def preferred_key() -> SigningKey | None:
    """Return the key that is set in Preferences, after `signing_key`; None where none is."""
    path = load_signature_preferences().key
    return signing_key(path) if path else None


def signing_key(path: str) -> SigningKey:
    """Read a private key, and ask for its passphrase where it has one.

    Parameters
    ----------
    path : str
        PEM file.

    Raises
    ------
    KeyFileError, PassphraseError, MissingPackageError
        The key cannot be used, the dialog was cancelled, or there is no window for it.  The text
        says that nothing was saved.
    """
    identity = _identity(path)
    if identity is not None and identity in _UNLOCKED:
        return _UNLOCKED[identity]
    try:
        key = _load(path)
    except (KeyFileError, MissingPackageError) as error:
        text = f"Not saved, since it cannot be signed: {error}"
        raise type(error)(f"{text}. The key is chosen in Preferences > napari-seal.") from error
    _warn_of_readers(path)
    if identity is not None:
        _UNLOCKED[identity] = key
    return key


def keep_unlocked(path: str, key: SigningKey) -> None:
    """Ask for no passphrase of a key that was made a moment ago, until napari is closed."""
    identity = _identity(path)
    if identity is not None:
        _UNLOCKED[identity] = key


def unlocked_key(path: str) -> SigningKey | None:
    """Return a key that needs no question (any more); None for another, or one with a problem."""
    identity = _identity(path)
    if identity is None:
        return None
    if identity not in _UNLOCKED:
        from napari_seal import load_signing_key

        try:
            return load_signing_key(path)
        except (KeyFileError, MissingPackageError):
            return None
    return _UNLOCKED[identity]


def key_problem(path: str) -> str:
    """Return what keeps a key from signing, or is dangerous, in a sentence; empty if nothing."""
    from napari_seal import load_signing_key

    try:
        load_signing_key(path)
    except PassphraseError:
        pass  # which is asked for
    except (KeyFileError, MissingPackageError) as error:
        return f"Cannot sign: {error}"
    return readers_text(path)


def readers_text(path: str) -> str:
    """Return a warning where others can read a private key; empty where they cannot."""
    from napari_seal._trust.key_files import is_readable_by_others

    try:
        if not is_readable_by_others(path):
            return ""
    except OSError:
        return ""
    return (
        f"Others can read the private key {printable(os.path.basename(path))}, and sign with it: "
        "chmod 600"
    )


def name_of(key: PublicKey) -> str:
    """Return by which name a key is trusted here, or else its fingerprint, cut."""
    from napari_seal import Trust

    path = load_signature_preferences().trust
    try:
        known = (Trust.load(path) if path else Trust.default()).find(key)
    except SealError:
        known = None
    return signer_text(key.fingerprint if known is None else known.name)


def forget_keys() -> None:
    """Ask for passphrases again."""
    _UNLOCKED.clear()
    _WARNED.clear()


def _load(path: str) -> SigningKey:
    from napari_seal import load_signing_key

    try:
        return load_signing_key(path)
    except PassphraseError:
        pass
    kept = keyring_store.remembered(path)
    if kept is not None:
        try:
            return load_signing_key(path, kept)
        except PassphraseError:
            keyring_store.forget(path)
    return _ask(path)


def _ask(path: str) -> SigningKey:
    from napari_seal import load_signing_key
    from napari_seal._napari.main_window import is_window_thread, main_window
    from napari_seal._napari.saving.passphrase_dialog import PassphraseDialog

    name = printable(os.path.basename(path))
    if not is_window_thread():
        raise PassphraseError(
            f"the key {name} is encrypted, and there is no window to ask for its passphrase"
        )
    problem, keyring = "", keyring_store.name_of_keyring()
    while True:
        answer = PassphraseDialog(
            path, keyring=keyring, problem=problem, parent=main_window()
        ).ask()
        if answer is None:
            raise PassphraseError(f"the passphrase of {name} was not given")
        try:
            key = load_signing_key(path, answer.passphrase)
        except PassphraseError:
            problem = "That is not the passphrase, or the file is damaged."
            continue
        if answer.remember and not keyring_store.remember(path, answer.passphrase):
            warn(f"The system's keyring did not keep the passphrase of {name}.")
        return key


def _identity(path: str) -> Identity | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return path, found.st_mtime_ns, found.st_size


def _warn_of_readers(path: str) -> None:
    text = readers_text(path)
    if text and path not in _WARNED:
        _WARNED.add(path)
        warn(f"⚠ {text}")
