"""The folder of a stack, as it is found before planes are written into it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Final, NamedTuple

from napari_seal import _files
from napari_seal._disk import PART_PREFIX, PART_SUFFIX, make_folder
from napari_seal._files import is_address
from napari_seal._folders import find, is_folder
from napari_seal._format import limits, stack
from napari_seal._format.names import INDEX_ENDING
from napari_seal._format.stack import Stack
from napari_seal._seal.lock import locked
from napari_seal._seal.write import check_folder
from napari_seal._text import printable
from napari_seal.errors import FormatError, OptionError, TargetExistsError, WriteError

#: How the name of a stack's folder ends.
ENDING: Final = ".sealed"
#: Bytes of a file name, on all file systems in use.
_NAME: Final = 255


class Folder(NamedTuple):
    """The folder of a stack, and what the names of its files begin with."""

    path: str
    stem: str

    @property
    def index_path(self) -> str:
        """Path of the index."""
        return self.file(self.stem + INDEX_ENDING)

    def file(self, name: str) -> str:
        """Path of a file in the folder."""
        if is_address(self.path):
            return f"{self.path}/{name}"
        return os.path.join(self.path, name)

    def read(self, name: str) -> bytes | None:
        """The content of a file; None where there is none."""
        path = self.file(name)
        try:
            if is_address(path):
                return _files.read(path, limits.FILE_BYTES)
            with open(path, "rb") as file:
                return file.read(limits.FILE_BYTES)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise WriteError(
                f"{printable(path)} is there and cannot be read: {error.strerror or error}"
            ) from error

    def names(self) -> list[str]:
        """Names of the files in it, without those that an interrupted writer left."""
        if is_address(self.path):
            found = find(self.path, ("",), recursive=False)
            names = [path[len(self.path) + 1 :] for path in found if path != self.path]
        else:
            names = os.listdir(self.path)
        return [name for name in names if not _is_part(name)]

    @contextlib.contextmanager
    def locked(self, *, alone: bool = True) -> Iterator[None]:
        """Make the folder, and keep other processes from writing into it; see `lock`.

        At an address nobody is kept out, nor where ``alone`` is False.

        Raises
        ------
        WriteError
            It cannot be made, or another process is writing into it.
        """
        self._create()
        with contextlib.ExitStack() as stack:
            if alone and not is_address(self.path):
                try:
                    stack.enter_context(locked(self.path))
                except OSError as error:
                    text = f"{printable(self.path)!r} could not be opened: {error.strerror}"
                    raise WriteError(text) from error
            yield

    def _create(self) -> None:
        try:
            if is_address(self.path):
                _files.make_folder(self.path)
            else:
                make_folder(self.path)
        except OSError as error:
            text = f"the folder {printable(self.path)!r} could not be made: {error.strerror}"
            raise WriteError(text) from error

    def remove(self, name: str) -> None:
        """Remove a file, where there is one."""
        path = self.file(name)
        try:
            with contextlib.suppress(FileNotFoundError):
                if is_address(path):
                    _files.remove(path)
                else:
                    os.unlink(path)
        except OSError as error:
            text = f"{printable(path)!r} could not be removed: {error.strerror or error}"
            raise WriteError(text) from error

    def tidy(self) -> None:
        """Remove what an interrupted writer left under a name of its own."""
        if is_address(self.path):
            return
        try:
            names = os.listdir(self.path)
        except OSError as error:
            text = f"{printable(self.path)!r} could not be looked into: {error.strerror}"
            raise WriteError(text) from error
        for name in names:
            if _is_part(name):
                self.remove(name)


def _is_part(name: str) -> bool:
    return name.startswith(PART_PREFIX) and name.endswith(PART_SUFFIX)


def folder_of(path: str | os.PathLike[str]) -> Folder:
    """The folder that a path names: ``…/cells`` and ``…/cells.sealed`` are the same.

    Raises
    ------
    OptionError
        It names nothing.
    WriteError
        The folder above it is not there.
    """
    target = os.fspath(path)
    if not isinstance(target, str):
        raise OptionError(f"the target is a path as text, not as {type(target).__name__}")
    target = target.rstrip("/" if is_address(target) else "/" + os.sep)
    local = None if not is_address(target) else _files.local_path(target)
    target = target if local is None else local
    above, name = target.rpartition("/")[::2] if is_address(target) else os.path.split(target)
    stem = name.removesuffix(ENDING)
    if not stem or stem in (".", ".."):
        raise OptionError(f"a stack needs a name, which {printable(target)!r} does not give")
    if not is_address(target):
        check_folder(above or ".", target)
    return Folder(target if name.endswith(ENDING) else target + ENDING, stem)


def look_into(folder: Folder, *, overwrite: bool, resume: bool) -> Stack | None:
    """Find out what is in the folder of a stack that is to be written.

    Returns
    -------
    Stack or None
        The stack in it, which is to be overwritten or resumed; None where there is nothing.

    Raises
    ------
    TargetExistsError
        There is something that is to be neither.
    WriteError
        It cannot be looked into, or holds an index that cannot be read.
    """
    shown = repr(printable(folder.path))
    try:
        if not is_folder(folder.path):
            if not is_address(folder.path) and os.path.lexists(folder.path):
                raise TargetExistsError(f"{shown} exists and is no folder; choose another name")
            return None
        names = folder.names()
    except OSError as error:
        raise WriteError(f"{shown} could not be looked into: {error.strerror or error}") from error
    if not names:
        return None
    text = folder.read(folder.stem + INDEX_ENDING)
    if text is None:
        raise TargetExistsError(
            f"{shown} exists and is not the folder of this stack: there are {len(names):,} files "
            f"in it and no index {printable(folder.stem + INDEX_ENDING)!r}; choose another name"
        )
    try:
        found = stack.parse(text)
    except FormatError as error:
        raise WriteError(
            f"the index {printable(folder.index_path)!r} cannot be read: {error}; seal the stack "
            "under another name"
        ) from error
    if overwrite:
        return found
    if found.complete:
        raise TargetExistsError(
            f"{shown} is a complete stack and was not overwritten; choose another name, or ask for "
            "overwriting"
        )
    if not resume:
        raise TargetExistsError(
            f"{shown} is a stack that was not finished; ask to resume it, or to overwrite it"
        )
    if stack.index_matches(text, found) is not True:
        raise WriteError(
            f"the index {printable(folder.index_path)!r} was changed after it was written; the "
            "stack cannot be resumed"
        )
    return found


def check_names(folder: Folder, made: Stack) -> None:
    """Refuse names that file systems do not hold, before any work is done.

    Raises
    ------
    OptionError
        Says how long they would be.
    """
    size = len(os.fsencode(made.name(folder.stem, tuple(size - 1 for size in made.grid))))
    if size > _NAME:
        raise OptionError(
            f"the planes would have names of {size} bytes, and file systems allow {_NAME}; give "
            "the stack a shorter name"
        )
