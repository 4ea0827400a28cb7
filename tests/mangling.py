"""Files of which any ranges were replaced: a law of both formats."""

from __future__ import annotations

from hypothesis import strategies as st

from napari_seal._verify.check import check_bytes

#: Where, how many bytes go, and what comes instead.
EDITS = st.lists(
    st.tuples(st.integers(0, 5000), st.integers(0, 20), st.binary(max_size=20)), max_size=6
)


def assert_mangled_gets_a_verdict(data: bytes, edits: list[tuple[int, int, bytes]]) -> None:
    """Several ranges of a file replaced: a verdict, whatever comes of it."""
    for at, count, new in edits:
        place = at % len(data)
        data = data[:place] + new + data[place + count :]
    verdict = check_bytes(data, "a", full=True)
    assert str(verdict).isprintable()
    assert verdict.as_dict()
