"""Scenarios: one file, and a stack."""

from __future__ import annotations

import contextlib
import io
import os
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from faults.trial import Outcome, Scenario
from PIL import Image

import napari_seal
from napari_seal import Outcome as Verdict
from napari_seal._format import stack as index_format
from napari_seal._seal.write import PART_PREFIX, PART_SUFFIX
from napari_seal._verify.scan import find_images

IMAGE = np.random.default_rng(1).integers(0, 4096, (24, 32)).astype(np.uint16)


def is_part(name: str) -> bool:
    """Whether a file is one that may be deleted."""
    return name.startswith(PART_PREFIX) and name.endswith(PART_SUFFIX)


#: What an earlier run has left.
LITTER = f"{PART_PREFIX}0123456789abcdef{PART_SUFFIX}"


def leftovers(folder: Path, outcome: Outcome) -> None:
    """What is left over can be told by its name, and is left only where it has to be."""
    parts = [name for name in os.listdir(folder) if is_part(name) and name != LITTER]
    if outcome.end != "killed" and not outcome.unremoved:
        assert not parts
    assert not [path for path in find_images([folder]) if is_part(os.path.basename(path))]


# ------------------------------------------------------------------------------------ one file


def _seal(which: str, name: str, overwrite: bool, folder: Path) -> None:
    napari_seal.seal(IMAGE, folder / name, metadata={"which": which}, overwrite=overwrite)


def _nothing(folder: Path) -> None:
    pass


def _judge_file(name: str, is_old: bool, folder: Path, outcome: Outcome) -> None:
    target = folder / name
    assert all(name == other or is_part(other) for other in os.listdir(folder))
    leftovers(folder, outcome)
    found = None
    if target.exists():
        verdict = napari_seal.verify(target)
        found = verdict.metadata["which"]
    expected = {"old" if is_old else None, "new"}
    if outcome.end == "done":
        expected = {"new"}
    if outcome.end == "refused":
        assert name in outcome.text, outcome.text
        assert outcome.error == "WriteError"
        # The disk did not confirm it: then it is there.
        expected = {"new"} if "was written" in outcome.text else expected - {"new"}
    assert found in expected, (found, outcome)
    _seal("new", name, True, folder)  # what is left is in nobody's way
    assert napari_seal.verify(target).metadata == {"which": "new"}


def file_scenario(ending: str, overwrite: bool) -> Scenario:
    """Seal to a new file, or to one that is there."""
    name = f"a.sealed.{ending}"
    what = "over an existing" if overwrite else "a new"
    return Scenario(
        f"seal {what} {ending.upper()} file",
        partial(_seal, "old", name, False) if overwrite else _nothing,
        partial(_seal, "new", name, overwrite),
        partial(_judge_file, name, overwrite),
    )


# ------------------------------------------------------------------------------------- a stack

PLANES = np.stack([np.roll(IMAGE, 3 * number, axis=0) for number in range(3)])
OTHER = PLANES[:, ::-1] // 2
STACK, INDEX = "cells.sealed", "cells.sealed.json"


class _Stop(Exception):  # noqa: N818 - it stands for whatever ends a run
    pass


def seal_stack(folder: Path, data: Any = PLANES, **options: Any) -> None:
    """Seal the stack."""
    napari_seal.seal_stack(data, folder / "cells", axes="TYX", **options)


def _old_stack(folder: Path) -> None:
    seal_stack(folder, OTHER, metadata={"which": "old"})


def _larger_stack(folder: Path) -> None:
    seal_stack(folder, np.concatenate([OTHER, OTHER]), metadata={"which": "old"})


def _unfinished_plain(folder: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done > total - 3 + 1:
            raise _Stop

    with contextlib.suppress(_Stop):
        seal_stack(folder, metadata={}, progress=stop)


def _unfinished(folder: Path) -> None:
    _unfinished_plain(folder)
    (folder / STACK / LITTER).write_bytes(b"a part")


def _resume(folder: Path) -> None:
    seal_stack(folder, resume=True)


def _overwrite(folder: Path) -> None:
    seal_stack(folder, overwrite=True)


def what_is_there(folder: Path) -> dict[str, Any]:
    """All that a stack says, save for its identity and times."""
    index = index_format.parse((folder / STACK / INDEX).read_bytes())
    planes = {}
    for _, name in index.names("cells"):
        seal = napari_seal.verify(folder / STACK / name)
        assert seal.stack is not None
        assert seal.stack.id == index.id
        planes[name] = (seal.codestream, seal.pixels, seal.source, seal.window, seal.metadata)
    shown = (index.axes, index.shape, index.window, index.metadata, index.source, index.complete)
    names = sorted(name for name in os.listdir(folder / STACK) if not is_part(name))
    return {"index": shown, "planes": planes, "names": names}


def _judge_stack(folder: Path, outcome: Outcome) -> None:
    stack = folder / STACK
    is_old, is_complete = _check_what_is_told(stack) if stack.exists() else (False, False)
    if outcome.end == "refused":
        assert "cells" in outcome.text, outcome.text
    if outcome.end == "done":
        assert is_complete
        assert not is_old
    if stack.exists():
        leftovers(stack, outcome)
    if is_old:  # nothing has begun: it is begun again
        _overwrite(folder)
    elif not is_complete:
        _resume(folder)
        assert not [name for name in os.listdir(stack) if is_part(name)]
    assert napari_seal.check_stack(stack).verdict == Verdict.INTACT
    assert what_is_there(folder) == _expected(folder)


def _expected(folder: Path) -> dict[str, Any]:
    """What an uninterrupted run has written."""
    if not _EXPECTED:
        calm = folder.parent / "calm"
        calm.mkdir()
        seal_stack(calm)
        _EXPECTED.update(what_is_there(calm))
    return _EXPECTED


_EXPECTED: dict[str, Any] = {}


def _check_what_is_told(folder: Path) -> tuple[bool, bool]:
    """The verdicts are what they must be; whether it is the old stack, and says it is complete."""
    names = {n for n in os.listdir(folder) if not is_part(n)}
    if INDEX not in names:
        assert not names
        return False, False
    index = index_format.parse((folder / INDEX).read_bytes())
    planes = {n: napari_seal.verify(folder / n) for n in names - {INDEX}}  # none is a part
    expected = {
        name: "missing" if name not in planes
        else "intact" if planes[name].stack.id == index.id else "substituted"
        for _, name in index.names("cells") if name in planes or index.complete
    }  # fmt: skip
    told = {Path(v.path).name: str(v.verdict) for v in napari_seal.check_many(folder, jobs=1)}
    told_of_index = told.pop(INDEX)
    others = {name: told[name] for name in planes.keys() - expected.keys()}
    assert told == expected | others, (told, expected)
    assert told_of_index == ("intact" if index.complete else "truncated")
    verdict = napari_seal.check_stack(folder).verdict
    is_whole = set(told.values()) == {"intact"} and index.complete
    assert (verdict == Verdict.INTACT) == is_whole, verdict
    is_old = index.metadata.get("which") == "old"
    if is_old:
        # Only planes that the new stack does not name may be gone.
        assert is_whole or {told[name] for name in planes} == {"intact"}
        assert is_whole or len(planes) >= len(PLANES)
    return is_old, index.complete


STACKS = (
    Scenario("seal a new stack", _nothing, seal_stack, _judge_stack),
    Scenario("go on with a stack", _unfinished, _resume, _judge_stack),
    Scenario("seal over a stack", _old_stack, _overwrite, _judge_stack),
    Scenario("seal over a larger stack", _larger_stack, _overwrite, _judge_stack),
)

# ------------------------------------------------------------------------------ adopting a file

_OLD = io.BytesIO()
Image.fromarray((IMAGE >> 4).astype(np.uint8)).save(_OLD, "JPEG")


def _old_file(folder: Path) -> None:
    (folder / "a.jpg").write_bytes(_OLD.getvalue())


def _adopt(folder: Path) -> None:
    napari_seal.adopt(folder / "a.jpg", in_place=True)


def _judge_adopted(folder: Path, outcome: Outcome) -> None:
    """It is the old file, byte for byte, or the sealed one; doing it again is all that it takes."""
    assert all(name == "a.jpg" or is_part(name) for name in os.listdir(folder))
    leftovers(folder, outcome)
    is_new = (folder / "a.jpg").read_bytes() != _OLD.getvalue()
    if is_new:
        assert napari_seal.check(folder / "a.jpg").intact
    if outcome.end == "done":
        assert is_new
    if outcome.end == "refused":
        assert outcome.error == "AdoptError"
    _adopt(folder)
    assert napari_seal.check(folder / "a.jpg").intact


ADOPT = Scenario("adopt a file in place", _old_file, _adopt, _judge_adopted)
FILES = (
    *(file_scenario(ending, over) for ending in ("jpg", "png") for over in (False, True)),
    ADOPT,
)
