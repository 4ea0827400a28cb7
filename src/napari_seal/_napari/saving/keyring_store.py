"""Passphrases in the operating system's keyring, through the package `keyring` where it is there.

They are kept nowhere else: not in napari's settings, not in a file of ours.
"""

from __future__ import annotations

from typing import Any, Final

#: Under which the entries are found in the keyring's own window, each with the path of its key.
SERVICE: Final = "napari-seal"
# keyring's own mark of a backend that keeps secrets well; those below write plain files.
_RECOMMENDED: Final = 1


def name_of_keyring() -> str:
    """Return the name of the keyring that would be used; empty where there is none."""
    backend = _backend()
    return "" if backend is None else str(getattr(backend, "name", type(backend).__name__))


def remembered(path: str) -> str | None:
    """Return the passphrase that was kept for the key in a file."""
    backend = _backend()
    try:
        found = None if backend is None else backend.get_password(SERVICE, path)
    except Exception:  # noqa: BLE001 - backends raise what they like: locked, refused, no bus
        return None
    return found if isinstance(found, str) else None


def remember(path: str, passphrase: str) -> bool:
    """Keep a passphrase for the key in a file; return whether it was kept."""
    backend = _backend()
    if backend is None:
        return False
    try:
        backend.set_password(SERVICE, path, passphrase)
    except Exception:  # noqa: BLE001 - see `remembered`
        return False
    return True


def forget(path: str) -> None:
    """Take out a passphrase that is wrong, or not wanted any more."""
    import contextlib

    backend = _backend()
    if backend is not None:
        with contextlib.suppress(Exception):
            backend.delete_password(SERVICE, path)


def _backend() -> Any:
    try:
        import keyring
    except ImportError:
        return None
    try:
        backend = keyring.get_keyring()
        return backend if backend.priority >= _RECOMMENDED else None
    except Exception:  # noqa: BLE001 - what a backend raises while it looks for its service
        return None
