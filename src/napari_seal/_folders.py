"""Folders: what is in them, at an address page by page, and what lies in which; see `_files`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Final

from napari_seal._files import connect, is_address, protocols, translated

# Names that S3 gives a request, at most.
_PAGE: Final = 1000


def find(address: str, extensions: tuple[str, ...], *, recursive: bool) -> Iterator[str]:
    """Yield the addresses of files in a folder, by name, folder by folder; a file is itself.

    As in a local search, a folder is yielded where it has no such file or cannot be listed.

    Parameters
    ----------
    address : str
        A file or a folder.
    extensions : tuple of str
        Ends of names that are yielded, in lower case.
    recursive : bool
        Also search the folders in it.  Links are not followed.
    """
    empty = True
    for found in _walk(address, extensions, recursive):
        empty = False
        yield found
    if empty:
        yield address


def _walk(address: str, extensions: tuple[str, ...], recursive: bool) -> Iterator[str]:
    try:
        with translated():
            files, root = connect(address)
            if not _is_folder(files, root):
                return
    except OSError:  # reading it will say why
        return
    pending = [root.rstrip("/")]
    while pending:
        current = pending.pop()
        folders: list[str] = []
        try:
            with translated():
                for page in _pages(files, current or root):
                    found = [name for name, is_folder in page if not is_folder]
                    folders += [name for name, is_folder in page if is_folder]
                    for name in found:
                        if name.lower().endswith(extensions):
                            yield _address_of(address, root, name)
        except OSError:
            yield _address_of(address, root, current)
            continue
        if recursive:
            pending += sorted(folders, reverse=True)


def _pages(files: Any, folder: str) -> Iterator[list[tuple[str, bool]]]:
    """What is in a folder, by name: names, and whether they are folders.

    S3 gives a thousand names a request, in order; there is no need to hold a million of them.
    """
    if _is_s3(files):
        yield from _pages_of_s3(files, folder)
        return
    entries = [
        (str(entry["name"]).rstrip("/"), entry["type"] == "directory")
        for entry in files.ls(folder, detail=True)
    ]
    files.invalidate_cache(folder)  # or memory would grow with the archive
    # Neither a folder's own marker nor a link of a web page to somewhere else lies in it.
    inside = f"{folder.rstrip('/')}/" if folder.strip("/") else ""
    yield sorted(entry for entry in entries if entry[0].startswith(inside))


def _pages_of_s3(files: Any, folder: str) -> Iterator[list[tuple[str, bool]]]:
    bucket, key, _ = files.split_path(folder)
    prefix = f"{key}/" if key else ""
    options = {"Bucket": bucket, "Prefix": prefix, "Delimiter": "/", "MaxKeys": _PAGE}
    while True:
        page = files.call_s3("list_objects_v2", **options)
        names = [(entry["Key"], False) for entry in page.get("Contents", ())]
        names += [(entry["Prefix"], True) for entry in page.get("CommonPrefixes", ())]
        yield sorted(
            (f"{bucket}/{name.rstrip('/')}", is_folder)
            for name, is_folder in names
            if is_folder or not name.endswith("/")  # the folder's own marker
        )
        if not page.get("IsTruncated"):
            return
        options["ContinuationToken"] = page["NextContinuationToken"]


def _is_folder(files: Any, path: str) -> bool:
    if not _is_s3(files):
        return bool(files.isdir(path))
    bucket, key, _ = files.split_path(path.rstrip("/"))
    prefix = f"{key}/" if key else ""
    page = files.call_s3("list_objects_v2", Bucket=bucket, Prefix=prefix, MaxKeys=1)
    return not key or bool(page.get("Contents"))


def _address_of(address: str, root: str, name: str) -> str:
    """The address of what a listing calls ``name``, as the folder's was given."""
    given, separator, chain = address.partition("::")
    if "://" not in given:  # simplecache::s3://…: the path is at the end
        given, separator, chain = address, "", ""
    scheme, slashes, path = given.rpartition("://")
    below = name[len(root.rstrip("/")) :]
    return scheme + slashes + path.rstrip("/") + below + separator + chain


def is_folder(path: str) -> bool:
    """Whether a path or an address is a folder; False where that cannot be found out."""
    if not is_address(path):
        return os.path.isdir(path)
    try:
        with translated():
            return _is_folder(*connect(path))
    except OSError:
        return False


def list_folder(path: str) -> None:
    """Raise an OSError where a folder cannot be listed."""
    if not is_address(path):
        os.scandir(path).close()
        return
    with translated():
        for _ in _pages(*connect(path)):
            return


def lies_in(path: str, folder: str) -> bool:
    """Whether a local path is a folder, or lies in it; both as `os.path.realpath` gives them."""
    return os.path.join(path, "").startswith(os.path.join(folder, ""))


def _is_s3(files: Any) -> bool:
    return "s3" in protocols(files) and hasattr(files, "call_s3")
