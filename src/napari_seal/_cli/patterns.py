"""Glob patterns that the shell has left to us: quoted ones, and all on Windows.

Not `glob.glob`: its ``**`` follows links to folders, so that one link to a folder above makes it
list every file 40 times, and two keep it busy for ever.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from typing import Final

from napari_seal._files import is_address
from napari_seal._folders import lies_in

#: What makes a path a pattern, as `glob` and `fnmatch` have it.
_MAGIC: Final = frozenset("*?[")


def expand(paths: Iterable[str], extensions: tuple[str, ...]) -> Iterator[str]:
    """Yield paths, with patterns replaced by what they match, by name.

    ``*``, ``?`` and ``[…]`` match what they match in a shell.  ``**`` stands for any number of
    folders, but not for links to folders.  A pattern lists nothing twice: of links to one folder
    the first counts, a link that leads back to a folder above it is passed over, and so is what the
    search of another match will find.

    Parameters
    ----------
    paths : iterable of str
        What is there under its very name, or matches nothing, is yielded as it is, and so are
        addresses for fsspec.
    extensions : tuple of str
        What the search of a folder takes.

    Yields
    ------
    str
        A match; or a folder that cannot be listed, so that it is not passed over in silence.
    """
    for path in paths:
        if is_address(path) or os.path.lexists(path) or not _MAGIC.intersection(path):
            yield path
            continue
        drive, rest = os.path.splitdrive(path)
        separators = os.sep + (os.altsep or "")
        parts = [part for part in re.split(f"[{re.escape(separators)}]+", rest) if part]
        start = drive + (os.sep if rest[:1] and rest[0] in separators else "")
        matches = _once(_matches(start, parts), extensions)
        if rest[-1:] in separators:
            matches = [match for match in matches if os.path.isdir(match)]
        yield from sorted(matches) or [path]


def _matches(folder: str, parts: list[str]) -> Iterator[str]:
    import fnmatch

    if not parts:
        yield folder or os.curdir
        return
    part, rest = parts[0], parts[1:]
    if part == "**":
        yield from _matches(folder, rest)
        if not rest:  # the folder, which is searched with all folders in it
            return
    elif not _MAGIC.intersection(part):
        path = os.path.join(folder, part)
        if os.path.lexists(path):
            yield from _matches(path, rest)
        return
    try:
        with os.scandir(folder or os.curdir) as found:
            # Links last: what is really there has the better name.
            entries = sorted(found, key=lambda entry: (entry.is_symlink(), entry.name))
    except NotADirectoryError:
        return
    except OSError:
        yield folder or os.curdir
        return
    for entry in entries:
        path = os.path.join(folder, entry.name)
        if entry.name.startswith(".") and not part.startswith("."):
            continue
        if part == "**":
            if not entry.is_symlink() and os.path.isdir(path):
                yield from _matches(path, parts)
        elif (
            fnmatch.fnmatch(entry.name, part)
            and not (entry.is_symlink() and _is_loop(path))
            and (not rest or os.path.isdir(path))
        ):
            yield from _matches(path, rest)


def _is_loop(link: str) -> bool:
    """Whether a link leads to a folder in which it lies itself."""
    return lies_in(os.path.realpath(os.path.dirname(link)), os.path.realpath(link))


def _once(matches: Iterable[str], extensions: tuple[str, ...]) -> list[str]:
    """Without what was matched before, and what the search of a matched folder will find."""
    real: dict[str, str] = {}  # where folders really are
    found: dict[str, str] = {}
    folders: set[str] = set()
    for path in matches:
        if os.path.isdir(path):
            place = os.path.realpath(path)
            folders.add(place)
        else:  # a link to a file counts as a file of its own
            folder, name = os.path.split(path)
            place = os.path.join(real.setdefault(folder, os.path.realpath(folder)), name)
        found.setdefault(place, path)
    return [
        path
        for place, path in found.items()
        if not (
            (place in folders or place.lower().endswith(extensions))
            and any(above in folders for above in _above(place))
        )
    ]


def _above(place: str) -> Iterator[str]:
    while (above := os.path.dirname(place)) != place:
        yield above
        place = above
