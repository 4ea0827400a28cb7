"""Writing the sealed file: in the place of the old one, or as a copy."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
from collections.abc import Callable

from napari_seal._adopt.refusal import Forced, Refusal, refuse
from napari_seal._disk import PART_PREFIX, PART_SUFFIX, opened_folder, synchronise
from napari_seal._seal.write import check_target, move_without_replacing, write_part
from napari_seal.errors import AdoptError, TargetExistsError, WriteError


def look_at(path: str, forced: Forced) -> os.stat_result:
    """The state of a file that is to be replaced; to be taken before it is read.

    Raises
    ------
    AdoptError
        It is a link, or has further names.
    """
    try:
        state = os.lstat(path)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        text = getattr(error, "strerror", None) or error
        raise refuse(Refusal.UNREADABLE, f"it cannot be read: {text}") from error
    if stat.S_ISLNK(state.st_mode):
        raise refuse(Refusal.IS_A_LINK, "it is a link; name the file that it leads to")
    if stat.S_ISREG(state.st_mode) and state.st_nlink > 1:
        forced.allows(
            Refusal.HARD_LINKS,
            f"it has {state.st_nlink} names (hard links); the others would keep the file without "
            "a seal",
        )
    return state


def put_in_place(path: str, data: bytes, state: os.stat_result) -> None:
    """Replace a file, keeping its mode, times, owner and extended attributes.

    A crash leaves the old file or the new one.

    Raises
    ------
    AdoptError
        It was written to since ``state`` was taken, or the new one cannot be written.
    """

    def last_look() -> None:
        now = os.lstat(path)
        if _key(now) != _key(state):
            raise refuse(
                Refusal.CHANGED_MEANWHILE, "it was changed while it was adopted; adopt it again"
            )

    _put(path, path, data, state, last_look)


def put_copy(path: str, target: str, data: bytes) -> None:
    """Write the sealed file under a name that is free, with the mode and times of the old one.

    Raises
    ------
    AdoptError
        The name is taken, or it cannot be written.
    """
    try:
        check_target(target, overwrite=False)
    except TargetExistsError as error:
        raise refuse(Refusal.TARGET_EXISTS, str(error)) from error
    except WriteError as error:
        raise refuse(Refusal.NOT_WRITTEN, str(error)) from error
    _put(path, target, data, None, lambda: None)


def _key(state: os.stat_result) -> tuple[int, int, int, int]:
    return state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns


def _put(
    path: str,
    target: str,
    data: bytes,
    state: os.stat_result | None,
    last_look: Callable[[], None],
) -> None:
    folder = os.path.dirname(target) or "."
    part = os.path.join(folder, f"{PART_PREFIX}{secrets.token_hex(8)}{PART_SUFFIX}")
    try:
        with opened_folder(folder) as names:
            try:
                write_part(part, data)
                _keep(path, part, state)
                last_look()
                if state is not None:
                    os.replace(part, target)
                else:
                    move_without_replacing(part, target)
            finally:
                with contextlib.suppress(OSError):
                    os.unlink(part)
            synchronise(names)
    except AdoptError:
        raise
    except FileExistsError as error:
        raise refuse(Refusal.TARGET_EXISTS, f"{target!r} appeared meanwhile") from error
    except (OSError, ValueError) as error:
        text = getattr(error, "strerror", None) or error
        raise refuse(Refusal.NOT_WRITTEN, f"{target!r} could not be written: {text}") from error


def _keep(path: str, part: str, state: os.stat_result | None) -> None:
    """Give the new file what the old one has beside its content."""
    if state is not None and hasattr(os, "chown"):
        made = os.stat(part)
        if (made.st_uid, made.st_gid) != (state.st_uid, state.st_gid):
            try:
                os.chown(part, state.st_uid, state.st_gid)
            except PermissionError as error:
                raise refuse(
                    Refusal.NOT_WRITTEN,
                    "it belongs to somebody else, and the new file would belong to you: adopt it "
                    "as its owner",
                ) from error
    shutil.copystat(path, part)
