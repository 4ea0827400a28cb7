"""Which frames of a planned acquisition make up which stack.

A stack is a full grid of planes, and an acquisition need not be one: it has positions, some of them
with a sequence of their own, and channels that skip time points or are taken in one plane only.  So
each position, and each tile of a grid, is a stack; where it is no full grid as a whole, each of its
channels is.  What is no full grid then is not planned, and is stored as single files.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from napari_seal._format import limits
from napari_seal.errors import OptionError

#: Keys of an event's index by which there are stacks, with the letters that they have in names.
GROUPS: Final = ("p", "g")
#: The others in the order of a stack's axes; keys that are not among these come behind them.
_ORDER: Final = ("t", "c", "z")
#: The frames of several cameras at one event, and what a stack calls this axis.
CAMERA: Final = "cam"
_NAMES: Final = {CAMERA: "camera"}
#: Two steps are the same where they differ by less than this share of one.
_EVEN: Final = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStack:
    """A stack that is going to be acquired.

    Parameters
    ----------
    suffix : str
        What its name has behind that of the run, such as ``"_p0_c1"``.
    keys : tuple of str
        Keys of an event's index along its axes, such as ``("t", "z")``.
    values : tuple of tuple of int
        The positions along each, as events have them: ``(0, 2, 4)`` for a channel that is taken at
        every second time point.
    steps : mapping of str to float
        Seconds or micrometers from one to the next, by key, where they are even and known.
    channel : int, optional
        The only channel in it, where it is a stack of one channel.
    """

    suffix: str
    keys: tuple[str, ...]
    values: tuple[tuple[int, ...], ...]
    steps: Mapping[str, float] = field(default_factory=dict)
    channel: int | None = None

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of its axes."""
        return tuple(_NAMES.get(key, key.upper() if len(key) == 1 else key) for key in self.keys)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of planes along each."""
        return tuple(map(len, self.values))

    def find(self, index: Mapping[str, int]) -> tuple[int, ...] | None:
        """The place of a frame; None where it has none here."""
        along = _along(index)
        if self.channel is not None and along.pop("c", None) != self.channel:
            return None
        if along.keys() != {*self.keys}:
            return None
        at = tuple(
            bisect_left(values, along[key])
            for key, values in zip(self.keys, self.values, strict=True)
        )
        there = (values[n : n + 1] for n, values in zip(at, self.values, strict=True))
        return at if tuple(there) == tuple((along[key],) for key in self.keys) else None


@dataclass(frozen=True, slots=True)
class Plan:
    """The stacks of an acquisition, by the group that they are in."""

    stacks: Mapping[tuple[int | None, ...], tuple[PlannedStack, ...]]

    def find(self, index: Mapping[str, int]) -> tuple[PlannedStack, tuple[int, ...]] | None:
        """The stack of a frame, and its place there; None where it was not planned."""
        for stack in self.stacks.get(_group_of(index), ()):
            at = stack.find(index)
            if at is not None:
                return stack, at
        return None

    @property
    def count(self) -> int:
        """Number of stacks."""
        return sum(map(len, self.stacks.values()))


class _Group:
    """The frames of one position, or one tile."""

    def __init__(self) -> None:
        self.keys: tuple[str, ...] | None = None
        self.frames: list[tuple[int, ...]] = []
        self.is_regular = True
        # By channel first: channels may be offset in z.
        self.heights: dict[tuple[int, int], float | None] = {}
        self.times: dict[int, float | None] = {}

    def add(self, index: Mapping[str, int], event: Any) -> None:
        along = _along(index)
        keys = tuple(sorted(along, key=_rank))
        if self.keys not in (None, keys):
            self.is_regular = False
            return
        self.keys = keys
        self.frames.append(tuple(along[key] for key in keys))
        self.heights.setdefault((index.get("c", 0), index.get("z", 0)), event.z_pos)
        self.times.setdefault(index.get("t", 0), event.min_start_time)

    def stacks(self, suffix: str, cameras: int) -> Iterator[PlannedStack]:
        """Its stacks: one where all frames are a full grid, else one for each channel that is."""
        if not self.is_regular or self.keys is None or len({*self.frames}) != len(self.frames):
            return
        values = _grid(self.frames)
        if values is not None:
            yield self._stack(suffix, self.keys, values, None, cameras)
        elif "c" in self.keys:
            at = self.keys.index("c")
            keys = self.keys[:at] + self.keys[at + 1 :]
            channels = sorted({frame[at] for frame in self.frames})
            for channel in channels:
                frames = [frame for frame in self.frames if frame[at] == channel]
                values = _grid([frame[:at] + frame[at + 1 :] for frame in frames])
                if values is not None:
                    name = f"{suffix}_c{channel:0{len(str(channels[-1]))}d}"
                    yield self._stack(name, keys, values, channel, cameras)

    def _stack(
        self,
        suffix: str,
        keys: tuple[str, ...],
        values: tuple[tuple[int, ...], ...],
        channel: int | None,
        cameras: int,
    ) -> PlannedStack:
        of = dict(zip(keys, values, strict=True))
        at = of.get("c", (0,))[0] if channel is None else channel
        steps = {
            "t": _step([self.times.get(t) for t in of.get("t", ())]),
            "z": _step([self.heights.get((at, z)) for z in of.get("z", ())]),
        }
        if cameras > 1:
            keys, values = (*keys, CAMERA), (*values, tuple(range(cameras)))
        known = {key: step for key, step in steps.items() if step is not None}
        return PlannedStack(suffix=suffix, keys=keys, values=values, steps=known, channel=channel)


def plan(events: Iterable[Any], cameras: int = 1, most: int = limits.STACK_PLANES) -> Plan:
    """Plan the stacks of an acquisition.

    Parameters
    ----------
    events : iterable of useq.MDAEvent
        All of them.  Of what nobody knows the end of, give none: then nothing is planned.
    cameras : int
        Number of frames of each event.
    most : int
        Number of events, at most: there are plans that never end.

    Raises
    ------
    OptionError
        There are more.
    """
    groups: dict[tuple[int | None, ...], _Group] = {}
    for number, event in enumerate(events):
        if number >= most:
            raise OptionError(f"an acquisition of more than {most:,} events is not planned")
        if _is_acquired(event):
            index = index_of(event)
            groups.setdefault(_group_of(index), _Group()).add(index, event)
    found = {}
    for group, frames in groups.items():
        stacks = tuple(frames.stacks(_suffix(group, groups), cameras))
        planes = max((math.prod(stack.shape) for stack in stacks), default=0)
        if stacks and planes <= limits.STACK_PLANES:
            found[group] = stacks
    return Plan(found)


def index_of(event: Any) -> dict[str, int]:
    """The index of an event, by plain texts."""
    return {str(key): int(at) for key, at in event.index.items()}


def _is_acquired(event: Any) -> bool:
    """Whether an event gives an image; others focus, or do what the user has made up."""
    return event.action is None or event.action.type == "acquire_image"


def _group_of(index: Mapping[str, int]) -> tuple[int | None, ...]:
    return tuple(index.get(key) for key in GROUPS)


def _along(index: Mapping[str, int]) -> dict[str, int]:
    """The position of a frame in its group; a stack has one axis at least, and be it time."""
    along = {key: at for key, at in index.items() if key not in GROUPS}
    return along if along.keys() - {CAMERA} else {"t": 0, **along}


def _suffix(group: tuple[int | None, ...], groups: Mapping[tuple[int | None, ...], object]) -> str:
    """What tells the name of a group's stacks from those of others."""
    parts = []
    for at, letter in enumerate(GROUPS):
        positions = {other[at] for other in groups}
        if group[at] is not None and len(positions) > 1:
            width = len(str(max(n for n in positions if n is not None)))
            parts.append(f"_{letter}{group[at]:0{width}d}")
    return "".join(parts)


def _rank(key: str) -> tuple[int, str]:
    return (_ORDER.index(key) if key in _ORDER else len(_ORDER), key)


def _grid(frames: list[tuple[int, ...]]) -> tuple[tuple[int, ...], ...] | None:
    """The positions along each axis, if the frames, all different, are all of the grid of these."""
    values = tuple(tuple(sorted(set(along))) for along in zip(*frames, strict=True))
    return values if math.prod(map(len, values)) == len(frames) else None


def _step(values: list[float | None]) -> float | None:
    """The step between values that are known and evenly spaced."""
    known = [value for value in values if value is not None]
    if len(known) != len(values) or len(known) < 2:
        return None
    steps = [abs(after - before) for before, after in pairwise(known)]
    mean = sum(steps) / len(steps)
    is_even = mean > 0 and all(abs(step - mean) <= _EVEN * mean for step in steps)
    return round(mean, 9) if is_even else None
