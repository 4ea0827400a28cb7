"""The index of a stack: written and read, strictly."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_seal import Stack, Window
from napari_seal._format import limits, stack
from napari_seal._format.digest import Digest, digest_of
from napari_seal.errors import (
    FormatError,
    JsonError,
    MetadataError,
    NewerVersionError,
    UnknownAlgorithmError,
)

BEGUN = Stack(
    id="0123456789abcdef" * 2,
    axes=("T", "Z", "Y", "X"),
    shape=(2, 3, 40, 50),
    dtype="uint8",
    source_axes=("Z", "Y", "X", "T"),
    source_dtype="uint16",
    format="jpeg",
    quality=90,
    window=Window(low=3, high=4000),
    created="2026-01-31T12:00:00.000Z",
    software={"napari-seal": "0.1.0"},
    metadata={"sample": "TDR 12"},
    layer={"scale": [1.0, 2.0, 0.5, 0.5]},
)
DONE = replace(BEGUN, complete=True, source=digest_of([b"x"]), planes=bytes(range(192)))


def closed(body: dict[str, Any]) -> bytes:
    """An index with its digest, whatever it says."""
    text = json.dumps(body, separators=(",", ":")).encode()[:-1]
    return b'%s,"record":"%s"}' % (text, str(digest_of([text])).encode())


def body_of(made: Stack) -> dict[str, Any]:
    """The JSON object of an index, without its digest."""
    body: dict[str, Any] = json.loads(stack.dump(made, "sha256"))
    del body["record"]
    return body


@pytest.mark.parametrize(
    "made",
    [
        BEGUN,
        DONE,
        replace(DONE, window=None, plane_windows=True),
        replace(DONE, window=None, quality=None, layer=None, metadata={}),
        replace(DONE, window=Window(low=-1.5, high=1e30)),
        replace(
            BEGUN,
            axes=("Ö/..", "Y", "X", "S"),
            shape=(7, 40, 50, 3),
            source_axes=("S", "Y", "Ö/..", "X"),
            layer=None,
        ),
    ],
)
def test_an_index_comes_back(made: Stack) -> None:
    """What is written is read as the same, and its digest agrees."""
    text = stack.dump(made, "sha256")
    found = stack.parse(text)
    assert replace(found, record=None) == made
    assert stack.index_matches(text, found) is True
    assert text.isascii()


@given(
    shape=st.lists(st.integers(1, 5), min_size=1, max_size=3),
    planes=st.data(),
    metadata=st.dictionaries(st.text().filter(lambda k: k not in ("seal", "sha244")), st.text()),
)
def test_any_index_comes_back(
    shape: list[int], planes: st.DataObject, metadata: dict[str, str]
) -> None:
    """Of any shape, with any metadata and digests."""
    axes = (*"ABC"[: len(shape)], "Y", "X")
    made = replace(
        DONE,
        axes=axes,
        shape=(*shape, 8, 8),
        source_axes=axes[::-1],
        metadata=metadata,
        layer=None,
    )
    size = 32 * made.count
    made = replace(made, planes=planes.draw(st.binary(min_size=size, max_size=size)))
    found = stack.parse(stack.dump(made, "sha256"))
    assert replace(found, record=None) == made
    proofs = [found.proof(number) for number in range(made.count)]
    assert b"".join(bytes.fromhex(proof.hex) for proof in proofs if proof) == made.planes


def test_what_follows_from_the_axes() -> None:
    """The planes' axes, shape and number, in gray and in colour."""
    assert DONE.plane_axes == ("T", "Z")
    assert (DONE.grid, DONE.plane_shape, DONE.count) == ((2, 3), (40, 50), 6)
    colour = replace(DONE, axes=("T", "Y", "X", "S"), shape=(6, 40, 50, 3))
    assert (colour.grid, colour.plane_shape, colour.plane_axes) == ((6,), (40, 50, 3), ("T",))
    assert DONE.place((1, 2)).number == 5
    assert [name for _, name in DONE.names("a")][5] == DONE.name("a", (1, 2))
    assert BEGUN.proof(0) is None


def test_a_digest_with_blake3() -> None:
    """The digests of planes are of the algorithm of the index's own."""
    pytest.importorskip("blake3", reason="the package blake3 is not installed")
    found = stack.parse(stack.dump(DONE, "blake3"))
    assert found.record is not None
    assert found.record.algorithm == "blake3"
    assert found.proof(5) == Digest("blake3", DONE.planes[-32:].hex())


def test_metadata_that_json_cannot_hold_are_refused() -> None:
    """As in a seal."""
    with pytest.raises(MetadataError, match="reserved"):
        stack.dump(replace(BEGUN, metadata={"seal": 1}), "sha256")
    with pytest.raises(MetadataError, match="layer attribute"):
        stack.dump(replace(BEGUN, layer={"scale": object()}), "sha256")


def test_any_changed_byte_is_seen() -> None:
    """Each byte, changed in two ways: refused, changed or written anew, never as it was."""
    text = stack.dump(DONE, "sha256")
    for at in range(len(text)):
        for mask in (0x01, 0x20):
            changed = text[:at] + bytes((text[at] ^ mask,)) + text[at + 1 :]
            try:
                found = stack.parse(changed)
            except FormatError:
                continue
            assert stack.index_matches(changed, found) is not True, (at, mask)


def test_an_index_that_was_written_anew_is_recognised() -> None:
    """With other spaces, or with a key behind the digest, no bytes are there to compare."""
    text = stack.dump(DONE, "sha256")
    for anew in (
        json.dumps(json.loads(text), indent=1).encode(),
        text[:-1] + b',"more":1}',
    ):
        assert stack.index_matches(anew, stack.parse(anew)) is None


def test_unknown_keys_are_kept_out_and_do_not_hurt() -> None:
    """A later writer may add some."""
    text = closed(body_of(DONE) | {"later": [1, {"x": None}]})
    assert replace(stack.parse(text), record=None) == DONE
    assert stack.index_matches(text, stack.parse(text)) is True


AXES_17 = [*"ABCDEFGHIJKLMNO", "Y", "X"]
BAD: dict[str, dict[str, Any]] = {
    "another kind": {"kind": "napari"},
    "no version": {"version": None},
    "version true": {"version": True},
    "no id": {"id": None},
    "a path for an id": {"id": "../../../../../../../../../../etc"},
    "axes without Y and X": {"axes": ["T", "Z", "X", "Y"]},
    "an axis twice": {"axes": ["T", "T", "Y", "X"]},
    "too many axes": {"axes": AXES_17, "source": {"axes": AXES_17, "dtype": "uint16"}},
    "no axis of planes": {
        "axes": ["Y", "X"],
        "shape": [4, 4],
        "source": {"axes": ["Y", "X"], "dtype": "uint8"},
    },
    "another number of sizes": {"shape": [2, 3, 40]},
    "no planes": {"shape": [0, 3, 40, 50]},
    "no pixels": {"shape": [2, 3, 40, 0]},
    "a negative size": {"shape": [2, -3, 40, 50]},
    "too many planes": {"shape": [2**20, 3, 40, 50], "complete": False, "planes": ""},
    "numbers beyond all bounds": {"shape": [10**400, 3, 40, 50]},
    "too large planes": {"shape": [2, 3, 2**20, 2**20]},
    "a type that is no picture's": {"dtype": "O"},
    "a type of a billion bytes": {"dtype": "S1000000000"},
    "no source": {"source": None},
    "other axes in the source": {"source": {"axes": ["Z", "Y", "X"], "dtype": "uint16"}},
    "no digest of the source": {"source": {"axes": ["T", "Z", "Y", "X"], "dtype": "uint16"}},
    "quality as a text": {"quality": "90"},
    "a window of one number": {"window": {"low": 1}},
    "a window that is a text": {"window": "all"},
    "a window beyond floats": {"window": {"low": 0, "high": 10**400}},
    "metadata as a list": {"metadata": [1]},
    "layer as a text": {"layer": "x"},
    "created as a number": {"created": 1},
    "complete as a number": {"complete": 1},
    "too few digests": {"planes": base64.b64encode(bytes(160)).decode()},
    "digests of an unfinished stack": {"complete": False},
    "digests that are no Base64": {"planes": "!" * 256},
    "digests as a list": {"planes": []},
}


@pytest.mark.parametrize("case", BAD)
def test_an_index_that_is_none_is_refused(case: str) -> None:
    """What is missing, of the wrong type, too large, or does not fit the rest."""
    body = body_of(DONE) | BAD[case]
    text = closed({key: value for key, value in body.items() if value is not None})
    with pytest.raises(FormatError):
        stack.parse(text)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (b"", JsonError),
        (b"[]", JsonError),
        (b'{"kind":"napari-seal stack",' * 2, JsonError),
        (b'{"a":1,"a":2}', JsonError),
        (b'{"a":NaN}', JsonError),
        ('{"a":"ü"}'.encode(), JsonError),
        (b'{"a":' + b"[" * 100_000, JsonError),
        (b"{}", FormatError),
        (closed(body_of(DONE) | {"version": 2}), NewerVersionError),
        (closed(body_of(DONE) | {"format": "jxl"}), NewerVersionError),
        (
            b'%s,"record":"md5:00"}' % closed(body_of(DONE)).rpartition(b",")[0],
            UnknownAlgorithmError,
        ),
    ],
)
def test_a_text_that_is_no_index(text: bytes, error: type[FormatError]) -> None:
    """Not JSON as it must be, or of a kind that comes later."""
    with pytest.raises(error):
        stack.parse(text)


def test_an_index_beyond_the_limit_is_not_read() -> None:
    """Whatever is in it."""
    with pytest.raises(FormatError, match="bytes"):
        stack.parse(b"{" + b" " * limits.INDEX_BYTES)


def test_an_index_of_a_hundred_thousand_planes_is_small() -> None:
    """44 bytes a plane, and soon read."""
    planes = bytes(32) * 100_000
    made = replace(
        DONE,
        axes=("T", "Y", "X"),
        shape=(100_000, 40, 50),
        source_axes=("T", "Y", "X"),
        planes=planes,
    )
    text = stack.dump(made, "sha256")
    assert len(text) < 4_300_000
    assert stack.parse(text).planes == planes


def test_an_index_is_known_by_its_name_or_by_its_beginning() -> None:
    """Whichever of the two is left."""
    text = stack.dump(DONE, "sha256")
    assert stack.is_index("a.sealed.json", b"")
    assert stack.is_index("A.SEALED.JSON", b"")
    assert stack.is_index("renamed.txt", text)
    assert not stack.is_index("a.json", b"{}")
