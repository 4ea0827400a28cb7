"""Files wait until they look the same for a while."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from napari_seal._watch.look import Look
from napari_seal._watch.waiting import WaitingRoom

SETTLE = 3.0


def look(size: int) -> Look:
    return Look(size, 0, 0, 0)


def test_a_file_is_due_once_it_has_settled():
    """Not before, and once."""
    room = WaitingRoom(SETTLE)
    room.see(b"a", look(1), 10.0)
    room.see(b"a", look(1), 12.0)
    assert list(room.take(12.9)) == []
    assert [key for key, _ in room.take(13.0)] == [b"a"]
    assert list(room.take(99.0)) == []
    assert len(room) == 0


@given(st.lists(st.tuples(st.floats(0.01, 5), st.integers(1, 3)), min_size=1, max_size=30))
def test_no_file_is_taken_that_changed_within_the_time_to_settle(steps):
    """Whatever was seen of it, and whenever."""
    room = WaitingRoom(SETTLE)
    now, last, since = 0.0, None, 0.0
    for wait, size in steps:
        now += wait
        taken = [file for _, file in room.take(now)]
        for file in taken:
            assert file.look == look(last)
            assert now - since >= SETTLE
        if size != last or taken:
            since = now
        last = size
        room.see(b"a", look(size), now)
    assert [file.look for _, file in room.take(now + SETTLE)] == [look(last)]


def test_a_file_that_is_put_off_keeps_its_place_until_it_changes():
    """A try in vain is remembered; a change is a new beginning, and sooner."""
    room = WaitingRoom(SETTLE)
    room.see(b"a", look(1), 0.0)
    ((key, file),) = room.take(3.0)
    file.tries = 4
    room.put_off(key, file, 60.0)
    room.see(b"a", look(1), 10.0)
    assert list(room.take(59.0)) == []
    room.see(b"a", look(2), 20.0)
    ((_, again),) = room.take(23.0)
    assert (again.tries, again.changes, again.since) == (0, 1, 20.0)


def test_a_file_that_is_dropped_is_not_taken():
    """Though it was due."""
    room = WaitingRoom(SETTLE)
    room.see(b"a", look(1), 0.0)
    room.drop(b"a")
    room.drop(b"b")
    assert list(room.take(9.0)) == []
