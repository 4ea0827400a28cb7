"""Which frames of a planned acquisition make up which stack."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
from support import needs

from napari_seal import OptionError
from napari_seal._acquire.plan import Plan, index_of, plan

useq: Any = needs("useq", "pymmcore")


def planned(**sequence: Any) -> tuple[Plan, list[dict[str, int]]]:
    """A plan, and the indexes of the frames that it is for."""
    events = [*useq.MDASequence(**sequence)]
    images = [e for e in events if not isinstance(e.action, useq.HardwareAutofocus)]
    return plan(events), [index_of(event) for event in images]


def shapes(found: Plan) -> dict[str, tuple[tuple[str, ...], tuple[int, ...]]]:
    return {
        stack.suffix: (stack.axes, stack.shape)
        for stacks in found.stacks.values()
        for stack in stacks
    }


TIME = {"interval": 2, "loops": 4}
Z = {"range": 4, "step": 2}
TWO = [(0, 0, 0), (10, 0, 0)]
OWN = {"x": 5, "y": 5, "sequence": {"z_plan": Z}}

CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "time alone": ({"time_plan": TIME}, {"": (("T",), (4,))}),
    "one picture": ({"stage_positions": [(1, 2, 3)]}, {"": (("T",), (1,))}),
    "all in one": (
        {"time_plan": TIME, "z_plan": Z, "channels": ["a", "b"]},
        {"": (("T", "C", "Z"), (4, 2, 3))},
    ),
    "another order of axes": (
        {"time_plan": TIME, "z_plan": Z, "channels": ["a", "b"], "axis_order": "zct"},
        {"": (("T", "C", "Z"), (4, 2, 3))},
    ),
    "positions": (
        {"time_plan": TIME, "stage_positions": TWO, "axis_order": "tp"},
        {"_p0": (("T",), (4,)), "_p1": (("T",), (4,))},
    ),
    "a grid": (
        {"z_plan": Z, "grid_plan": {"rows": 1, "columns": 2}},
        {"_g0": (("Z",), (3,)), "_g1": (("Z",), (3,))},
    ),
    "positions with a grid": (
        {"stage_positions": TWO, "grid_plan": {"rows": 2, "columns": 1}, "z_plan": Z},
        {f"_p{p}_g{g}": (("Z",), (3,)) for p in range(2) for g in range(2)},
    ),
    "a position with planes of its own": (
        {"stage_positions": [(0, 0), OWN], "channels": ["a", "b"]},
        {"_p0": (("C",), (2,)), "_p1": (("C", "Z"), (2, 3))},
    ),
    "a channel at every second time": (
        {"time_plan": TIME, "channels": ["a", {"config": "b", "acquire_every": 2}]},
        {"_c0": (("T",), (4,)), "_c1": (("T",), (2,))},
    ),
    "a channel in one plane": (
        {"z_plan": Z, "channels": ["a", {"config": "b", "do_stack": False}]},
        {"_c0": (("Z",), (3,)), "_c1": (("Z",), (1,))},
    ),
    "autofocus before each picture": (
        {
            "time_plan": TIME,
            "stage_positions": TWO,
            "autofocus_plan": {"autofocus_motor_offset": 1, "axes": ("p",)},
        },
        {"_p0": (("T",), (4,)), "_p1": (("T",), (4,))},
    ),
    "eleven positions": (
        {"stage_positions": [(n, 0, 0) for n in range(11)]},
        {f"_p{p:02d}": (("T",), (1,)) for p in range(11)},
    ),
}


@pytest.mark.parametrize(("sequence", "expected"), CASES.values(), ids=CASES)
def test_every_frame_has_one_place_and_every_place_one_frame(
    sequence: dict[str, Any], expected: dict[str, Any]
) -> None:
    """Each stack is a full grid, and each frame has a place of its own in one of them."""
    found, frames = planned(**sequence)
    assert shapes(found) == expected
    places = [found.find(index) for index in frames]
    assert None not in places
    taken = {(stack.suffix, at) for stack, at in places}
    assert len(taken) == len(frames)
    assert len(taken) == sum(math.prod(stack.shape) for s in found.stacks.values() for stack in s)


def test_a_frame_that_was_not_planned_has_no_place() -> None:
    """Neither has one beyond the plan, one of another axis, or one of a second camera."""
    found, _ = planned(time_plan=TIME, z_plan=Z)
    assert found.find({"t": 3, "z": 2}) is not None
    for index in ({"t": 4, "z": 0}, {"t": 0}, {"t": 0, "z": 0, "c": 0}, {"t": 0, "z": 0, "cam": 1}):
        assert found.find(index) is None


def test_what_is_no_grid_is_not_planned() -> None:
    """Events of a user's own making, with a place that is twice there or one that is not."""
    events = [useq.MDAEvent(index={"t": t, "z": z}) for t, z in ((0, 0), (0, 1), (1, 0))]
    assert plan(events).count == 0
    assert plan([events[0], events[0]]).count == 0
    assert plan([*events, useq.MDAEvent(index={"t": 1})]).count == 0
    assert plan(()).count == 0


def test_a_plan_that_never_ends_is_given_up() -> None:
    """Nobody can wait for its last event."""
    with pytest.raises(OptionError, match="more than 100 events"):
        plan(itertools.repeat(useq.MDAEvent(index={"t": 0})), most=100)


def test_two_cameras_are_an_axis() -> None:
    """The engine tells them apart by ``cam`` in the index."""
    found = plan([*useq.MDASequence(time_plan=TIME)], cameras=2)
    assert shapes(found) == {"": (("T", "camera"), (4, 2))}
    place = found.find({"t": 3, "cam": 1})
    assert place is not None
    assert place[1] == (3, 1)


def test_steps_are_those_of_the_plan() -> None:
    """Seconds of time and micrometers of z, where they are even."""
    found, _ = planned(time_plan=TIME, z_plan=Z, channels=["a", {"config": "b", "z_offset": 7}])
    assert [s.steps for (s,) in found.stacks.values()] == [{"t": 2.0, "z": 2.0}]
    found, _ = planned(time_plan=TIME, channels=["a", {"config": "b", "acquire_every": 2}])
    assert [s.steps for s in found.stacks[None, None]] == [{"t": 2.0}, {"t": 4.0}]
    uneven = [{"interval": 1, "loops": 3}, {"interval": 5, "loops": 3}]
    found, _ = planned(time_plan=uneven)
    assert [s.steps for (s,) in found.stacks.values()] == [{}]
