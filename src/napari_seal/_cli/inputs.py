"""Finding the images to seal."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from napari_seal._files import is_address
from napari_seal._folders import find
from napari_seal._images.names import FOLDER_EXTENSIONS, is_zarr


def find_inputs(named: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the files to seal, each with its path below the folder that was named.

    Links to folders are not followed, and no file is yielded twice.  A folder that cannot be listed
    is yielded itself, so that it is not passed over in silence.
    """
    seen: set[str] = set()
    for path, below in _find(named):
        folder, name = os.path.split(path)
        place = path if is_address(path) else os.path.join(os.path.realpath(folder), name)
        if place not in seen:
            seen.add(place)
            yield path, below


def _find(named: Iterable[str]) -> Iterator[tuple[str, str]]:
    for name in named:
        if is_address(name):
            root = name.rstrip("/")
            for path in find(name, FOLDER_EXTENSIONS, recursive=True):
                yield path, path.removeprefix(root).strip("/") or root.rpartition("/")[2]
            continue
        if not os.path.isdir(name) or is_zarr(name):
            yield name, os.path.basename(os.path.normpath(name))
            continue
        unlisted: list[OSError] = []
        for folder, folders, files in os.walk(name, onerror=unlisted.append):
            folders.sort()
            zarrs = {one for one in folders if is_zarr(os.path.join(folder, one))}
            folders[:] = [one for one in folders if one not in zarrs]
            for file in sorted(zarrs.union(files)):
                if file in zarrs or file.lower().endswith(FOLDER_EXTENSIONS):
                    path = os.path.join(folder, file)
                    yield path, os.path.relpath(path, name)
        for error in unlisted:
            yield error.filename, os.path.relpath(error.filename, name)
