"""Files at an address, such as ``s3://bucket/a.jpg`` or ``sftp://host/a.jpg``, through fsspec.

A path without ``://`` never comes here, and ``file://`` is the local file it names.  Whatever a
library raises becomes an `OSError`, so that callers treat addresses as they treat paths.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from napari_seal._disk import PART_PREFIX, PART_SUFFIX
from napari_seal._text import printable
from napari_seal.errors import OptionError

# RFC 3986, section 3.1; colons, for fsspec's chains (``simplecache::s3://…``).
_SCHEME: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-:")

# Object stores: a request reads a range of bytes, and puts an object whole or not at all.
_STORES: Final = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "memory"}


class TooLargeError(OSError):
    """A file is larger than was asked for."""


class ChangedError(OSError):
    """A file was written to while it was being read."""


def is_address(path: str) -> bool:
    """Whether a path is an address for fsspec; one letter before ``://`` is a drive."""
    scheme, separator, _ = path.partition("://")
    return bool(separator) and len(scheme) > 1 and scheme[0].isalpha() and set(scheme) <= _SCHEME


def check_address(address: str) -> None:
    """Refuse an address that nothing installed here can reach; nothing is connected to.

    Raises
    ------
    OptionError
        fsspec is missing, or does not know the scheme, or lacks the package for it.
    """
    try:
        from fsspec.registry import get_filesystem_class
    except ImportError as error:
        raise OptionError(
            f"{printable(address)} is an address, and fsspec is not installed, which reads it; "
            "pip install 'napari-seal[remote]', or name a local path"
        ) from error
    for link in address.split("::"):
        scheme, separator, _ = link.partition("://")
        # As fsspec has it: a link of nothing but small letters is a scheme without a path.
        if not separator and not (link.isalpha() and link.isascii() and link.islower()):
            continue
        try:
            get_filesystem_class(scheme)
        except (ImportError, ValueError) as error:
            raise OptionError(
                f"{printable(address)} cannot be reached: {printable(error)}"
            ) from error


def local_path(address: str) -> str | None:
    """Return the local path that a ``file://`` address names; None of any other address."""
    if not address.startswith(("file://", "local://")):
        return None
    check_address(address)
    from fsspec.implementations.local import LocalFileSystem

    return str(LocalFileSystem._strip_protocol(address))


def read(address: str, limit: int) -> bytes:
    """Return the content of a file of at most ``limit`` bytes.

    Raises
    ------
    TooLargeError, ChangedError, FileNotFoundError, PermissionError, IsADirectoryError, OSError
    """
    with translated():
        files, path = connect(address)
        if _is_store(files):
            content = _read_object(files, path, limit)
        else:
            info = files.info(path)
            if info["type"] == "directory":
                raise IsADirectoryError(errno.EISDIR, "it is a folder", address)
            size = info.get("size")
            if size is not None and size > limit:
                raise TooLargeError(errno.EFBIG, f"{size:,} bytes", address)
            with files.open(path, "rb") as file:
                content = file.read(limit + 1 if size is None else size + 1)
            if size is not None and len(content) != size:
                raise ChangedError(errno.EAGAIN, f"{size:,} bytes, then {len(content):,}", address)
        if len(content) > limit:
            raise TooLargeError(errno.EFBIG, f"more than {limit:,} bytes", address)
        return bytes(content)


def _read_object(files: Any, path: str, limit: int) -> Any:
    """Read in one request; only where that fails it is asked what is there."""
    try:
        return files.cat_file(path, start=0, end=limit + 1)
    except PermissionError:
        raise
    except Exception:
        info = files.info(path)
        if info["type"] == "directory":
            raise IsADirectoryError(errno.EISDIR, "it is a folder", path) from None
        if info.get("size") == 0:  # which has no range of bytes
            return b""
        raise


def exists(address: str) -> bool:
    """Whether there is a file or a folder.

    Raises
    ------
    OSError
        It cannot be found out.
    """
    with translated():
        files, path = connect(address)
        return bool(files.exists(path))


def make_folder(address: str) -> None:
    """Make a folder with those above it, where there are any: object stores have none."""
    with translated():
        files, path = connect(address)
        if not _is_store(files):
            files.makedirs(path, exist_ok=True)


def remove(address: str) -> None:
    """Remove a file.

    Raises
    ------
    FileNotFoundError, OSError
    """
    with translated():
        files, path = connect(address)
        files.rm_file(path)


def write(address: str, content: bytes, *, overwrite: bool) -> None:
    """Write a file whole or not at all, as far as its store allows, and read it back.

    An object store takes a file in one request, and refuses by itself to replace one if it can.
    Anywhere else it is written under another name and moved.

    Raises
    ------
    FileExistsError
        There is a file, and ``overwrite`` is not set.
    OSError
        It cannot be written, or what was read back is not what was written.
    """
    with translated():
        files, path = connect(address)
        if _is_store(files):
            _put(files, path, content, overwrite)
            _read_back(files, path, content)
            return
        import secrets  # 5 ms that no check needs

        part = path.rpartition("/")[0] + "/" + PART_PREFIX + secrets.token_hex(8) + PART_SUFFIX
        try:
            files.pipe_file(part, content)
            _read_back(files, part, content)
            if not overwrite and files.exists(path):
                raise FileExistsError(errno.EEXIST, "exists", address)
            files.mv(part, path)
        except BaseException:
            with contextlib.suppress(Exception):
                files.rm_file(part)
            raise


def _put(files: Any, path: str, content: bytes, overwrite: bool) -> None:
    if not overwrite:
        if files.exists(path):
            raise FileExistsError(errno.EEXIST, "exists", path)
        try:
            files.pipe_file(path, content, mode="create")
            return
        except (NotImplementedError, OSError) as error:
            # Stores that imitate S3 may not know the condition; it was looked at above.
            if isinstance(error, FileExistsError) or "NotImplemented" not in repr(error):
                raise
    files.pipe_file(path, content)


def _read_back(files: Any, path: str, content: bytes) -> None:
    if files.cat_file(path) != content:
        raise OSError(errno.EIO, "what was read back is not what was written")


def _is_store(files: Any) -> bool:
    return not _STORES.isdisjoint(protocols(files))


def protocols(files: Any) -> tuple[str, ...]:
    """The schemes of a file system."""
    protocol = files.protocol
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)


def connect(address: str) -> tuple[Any, str]:
    """The file system of an address, which fsspec keeps open, and the path in it."""
    check_address(address)
    from fsspec.core import url_to_fs

    files, path = url_to_fs(address)
    return files, str(path)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what libraries raise into an OSError whose text can be shown."""
    try:
        yield
    except (OptionError, MemoryError, TooLargeError, ChangedError):
        raise
    except OSError as error:
        if error.strerror is None:
            error.strerror = printable(error, 300)
        raise
    except Exception as error:  # each library has a tree of exceptions of its own
        name = type(error).__name__
        refused = any(word in name for word in ("Credential", "Authentic", "Forbidden"))
        kind, number = (PermissionError, errno.EACCES) if refused else (OSError, errno.EIO)
        raise kind(number, f"{name}: {printable(error, 300)}") from error
