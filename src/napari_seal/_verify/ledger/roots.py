"""The folder that a ledger is about, and paths relative to it.

A path is kept as bytes below the root, with ``/`` between folders: names that are not Unicode, or
hold a newline, are real, and an archive may be mounted elsewhere the next time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Final

from napari_seal._text import printable
from napari_seal._verify.ledger.states import typed
from napari_seal.errors import LedgerError

#: Folders whose place is remembered; files of one folder come one after the other.
_REMEMBERED: Final = 4096

#: Last parts of paths to folders.
_FOLDERS: Final = frozenset(("", os.curdir, os.pardir))

# `os.fsencode`, which looks each time what it is given.
_ENCODING, _ERRORS = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()
_SLASH: Final = os.sep == "/"


class Root:
    """A root folder.

    Parameters
    ----------
    folder : str
        An existing folder, or one that no longer exists, for looking things up.
    """

    def __init__(self, folder: str) -> None:
        self.folder = os.path.realpath(folder)
        self._prefixes: dict[str, bytes] = {}
        self._named: dict[str, bytes] = {}

    def key(self, path: str) -> bytes:
        """A file's path in the ledger.  Links are followed to its folder, not from the file itself.

        Raises
        ------
        LedgerError
            The path is not below the root.
        """
        # On other systems there is more that ends a folder.
        start = path.rfind("/") + 1 if _SLASH else len(path) - len(os.path.basename(path))
        head, name = path[:start], path[start:]
        prefix = self._prefixes.get(head)
        if prefix is None:
            if len(self._prefixes) >= _REMEMBERED:
                self._prefixes.clear()
            folder = self.folder_key(head or os.curdir)
            prefix = self._prefixes[head] = folder + b"/" if folder else b""
        if name in _FOLDERS:
            return self.folder_key(path)
        return prefix + name.encode(_ENCODING, _ERRORS)

    def folder_key(self, path: str) -> bytes:
        """A folder's path in the ledger; empty for the root.

        Raises
        ------
        LedgerError
            The path is not below the root.
        """
        real = os.path.realpath(path)
        if real == self.folder:
            return b""
        start = os.path.join(self.folder, "")
        if not real.startswith(start):
            raise LedgerError(
                f"{printable(real)} is not in {printable(self.folder)}, the folder that this "
                "ledger is about; if the archive lies elsewhere now, say where with --ledger-root "
                "(in Python: root=), else use a ledger of its own"
            )
        return os.fsencode(real[len(start) :].replace(os.sep, "/"))

    def name(self, folder: str) -> bytes:
        """The path in the ledger of a folder that a run searches; `key_unseen` will remember it."""
        key = self._named[folder] = self.folder_key(folder)
        return key

    def key_unseen(self, path: str) -> bytes:
        """The path in the ledger of what was found in such a folder, without a look at the disk."""
        for folder, key in self._named.items():
            start = os.path.join(folder, "")
            if path.startswith(start) or path == folder:
                below = os.fsencode(path[len(start) :].replace(os.sep, "/"))
                return b"/".join(part for part in (key, below) if part)
        return self.key(path)

    def place(self, path: str) -> bytes:
        """The path in the ledger of a file, or of a folder, empty for the root.

        Raises
        ------
        LedgerError
            The path is not below the root.
        """
        return self.folder_key(path) if os.path.isdir(path) else self.key(path)

    def holds(self, path: str) -> bool:
        """Whether a path is in this folder."""
        try:
            self.place(path)
        except LedgerError:
            return False
        return True

    def path(self, key: bytes) -> str:
        """Where a file of the ledger is.

        Raises
        ------
        LedgerError
            The ledger holds a path that leads out of its folder.
        """
        return os.path.join(self.folder, relative(key))


def relative(key: bytes) -> str:
    """A path of the ledger as text, relative to the root.

    Raises
    ------
    LedgerError
        It leads out of its folder: no run has written it.
    """
    unsafe = not typed(key, bytes) or key.startswith(b"/") or b"\0" in key
    if unsafe or (b".." in key and b".." in key.split(b"/")):
        raise LedgerError(f"the ledger is damaged: it holds the path {printable(key, 200)}")
    text = os.fsdecode(key)
    if os.sep != "/" and (os.path.splitdrive(text)[0] or os.sep in text):
        raise LedgerError(f"the ledger is damaged: it holds the path {printable(key, 200)}")
    return text


def common_folder(paths: Iterable[str]) -> str:
    """The folder in which all paths lie: what a new ledger is about.

    Raises
    ------
    LedgerError
        There is none, as on different drives.
    """
    folders = [p if os.path.isdir(p) else os.path.dirname(p) or os.curdir for p in paths]
    try:
        return os.path.commonpath([os.path.realpath(folder) for folder in folders])
    except ValueError as error:
        raise LedgerError(
            "a ledger is about one folder, and what was named lies in none together"
        ) from error
