"""The conformance vectors: made anew they are the same, and the code agrees with each."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import sys
from typing import Any

import make_vectors
import numpy as np
import pytest
from PIL import Image

from napari_seal import Window
from napari_seal._format import exif, jpeg, keys, names, png, record, stack, tile_digests, tiles
from napari_seal._format.adoption import digest_beside
from napari_seal._format.digest import digest_of
from napari_seal._format.pixels import decode, digest_array
from napari_seal._format.place import plane_name
from napari_seal.errors import FormatError, NewerVersionError, UnknownAlgorithmError

VECTORS = json.loads(make_vectors.FILE.read_text())


def cases(kind: str) -> Any:
    """Parametrise over the vectors of a kind."""
    return pytest.mark.parametrize("vector", VECTORS[kind], ids=lambda v: v.get("name"))


def test_the_file_is_what_the_generator_makes() -> None:
    """The stored vectors are those that the rules give today."""
    assert make_vectors.FILE.read_text() == make_vectors.dumps(make_vectors.build())


@cases("jpeg")
def test_jpeg(vector: dict[str, Any]) -> None:
    """Codestream, length, token and scan digest of a file are those of the rules."""
    data = base64.b64decode(vector["file"])
    structure = jpeg.walk(data)
    assert structure.length == vector["length"]
    assert structure.transform.decode() == vector["transform"]
    assert str(structure.codestream()) == vector["codestream"]
    assert str(jpeg.walk(data).scan()) == vector["scan"]
    assert (structure.end is not None) == vector["complete"]


@pytest.mark.parametrize(
    "vector", [v for v in VECTORS["jpeg"] if "pixels" in v], ids=lambda v: v["name"]
)
def test_jpeg_pixels(vector: dict[str, Any]) -> None:
    """Gray pictures decode to the stated levels, by our way and by Pillow's own."""
    data = base64.b64decode(vector["file"])
    for pixels in (decode(jpeg.walk(data)), np.asarray(Image.open(io.BytesIO(data)))):
        found = digest_array(pixels)
        assert (str(found.digest), list(found.shape)) == tuple(vector["pixels"].values())


@cases("jpeg")
def test_the_walk_to_the_final_marker_proves_no_other_bytes(vector: dict[str, Any]) -> None:
    """Where the cheap walk gives a file's digest, the full walk gives it as well."""
    data = base64.b64decode(vector["file"])
    cheap = jpeg.walk(data, to_final_marker=True).codestream()
    others = {v["codestream"] for v in VECTORS["jpeg"]} - {vector["codestream"]}
    assert str(cheap) not in others


@cases("exif")
def test_exif(vector: dict[str, Any]) -> None:
    """Digest, check values and comment of a block are by the rules; bad blocks are refused."""
    block = base64.b64decode(vector["block"])
    if vector.get("error"):
        with pytest.raises(FormatError):
            exif.read(block)
        return
    entries = exif.read(block)
    keys = [key for key in entries if key != exif.USER_COMMENT]
    assert {exif.key_text(k): exif.check_value(k, entries[k]) for k in keys} == vector["tags"]
    assert str(exif.sealed_digest(entries, keys)) == vector["digest"]
    comment = exif.user_comment(entries)
    assert (comment and comment.decode()) == vector["comment"]


def state_of(text: bytes) -> str:
    """What the reader says of a record's text, in the words of the vectors."""
    try:
        seal = record.parse(record.load(text))
    except (NewerVersionError, UnknownAlgorithmError):
        return "unsupported"
    except FormatError:
        return "malformed"
    return {True: "ok", False: "changed", None: "rewritten"}[record.record_matches(text, seal)]


@cases("record")
def test_record(vector: dict[str, Any]) -> None:
    """A record's text is ok, changed, rewritten, malformed or unsupported, as stated."""
    assert state_of(vector["text"].encode("ascii")) == vector["verdict"]


@cases("blake3")
def test_blake3(vector: dict[str, Any]) -> None:
    """Bytes have the stated digest."""
    pytest.importorskip("blake3", reason="the package blake3 is not installed")
    data = base64.b64decode(vector["data"])
    assert str(digest_of([data[:7], data[7:]], "blake3")) == vector["digest"]


@cases("blake3_record")
def test_blake3_record(vector: dict[str, Any]) -> None:
    """Digests of BLAKE3 are as good as others, where the package for them is."""
    pytest.importorskip("blake3", reason="the package blake3 is not installed")
    assert state_of(vector["text"].encode("ascii")) == vector["verdict"]


@cases("blake3_record")
def test_blake3_record_without_the_package(
    vector: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it they are unsupported, never malformed or changed."""
    monkeypatch.setitem(sys.modules, "blake3", None)  # what `import` takes for "not there"
    assert state_of(vector["text"].encode("ascii")) == "unsupported"


@pytest.mark.parametrize("vector", VECTORS["window"], ids=lambda v: f"{v['dtype']}-{v['high']}")
def test_window(vector: dict[str, Any]) -> None:
    """Intensities become the stated levels."""
    values = np.array(vector["values"], vector["dtype"])
    levels = Window(low=vector["low"], high=vector["high"]).scale(values)
    assert levels.dtype == np.uint8
    assert levels.tolist() == vector["levels"]


def draw(vector: dict[str, Any]) -> np.ndarray:
    """The picture that a vector describes (format page, section 12)."""
    height, width, *channels = vector["shape"]

    def cell(i: int, j: int, channel: int) -> int:
        drawn = hashlib.sha256(f"{i},{j},{channel}".encode()).digest()[0]
        return int(vector["low"]) + drawn * int(vector["width"]) // 256

    block = vector["block"]
    rows, columns = -(-height // block), -(-width // block)
    planes = [
        np.array([[cell(i, j, channel) for j in range(columns)] for i in range(rows)], np.uint8)
        .repeat(block, 0)
        .repeat(block, 1)[:height, :width]
        for channel in range(*channels or [1])
    ]
    return np.stack(planes, axis=-1) if channels else planes[0]


def values_of(fingerprint: tiles.Fingerprint) -> list[str]:
    """The tiles' values as the vectors have them."""
    values = np.round(fingerprint.low / fingerprint.step).astype(int)
    assert np.array_equal(values * fingerprint.step, fingerprint.low)
    return [" ".join(map(str, row)) for row in values]


@cases("tiles")
def test_tiles(vector: dict[str, Any]) -> None:
    """The fingerprint of a picture has the stated tiles, steps and values, in the bytes allowed."""
    picture = draw(vector)
    stored = tiles.measure(picture)
    assert (stored["kind"], stored["size"], stored["step"]) == (
        "means-1",
        vector["size"],
        vector["step"],
    )
    assert len(base64.b64decode(stored["data"], validate=True)) <= 1536
    assert values_of(tiles.read(stored, picture.shape[:2])) == vector["values"]


@cases("tiles_data")
def test_tiles_data(vector: dict[str, Any]) -> None:
    """A stored fingerprint is read as stated, or refused."""
    height, width = vector["shape"]
    if vector.get("error"):
        with pytest.raises(FormatError):
            tiles.read(vector["tiles"], (height, width))
        return
    assert values_of(tiles.read(vector["tiles"], (height, width))) == vector["values"]


@pytest.mark.parametrize("vector", VECTORS["keys"], ids=lambda v: v["text"])
def test_keys(vector: dict[str, Any]) -> None:
    """A value has the stated check value, however its JSON is spelt."""
    for text in (vector["text"], *vector["also"]):
        assert str(keys.check_of(json.loads(text))) == vector["check"]
        assert keys.parse(vector["check"]).matches(json.loads(text))


@pytest.mark.parametrize("vector", VECTORS["plane_name"], ids=lambda v: v["file"])
def test_plane_name(vector: dict[str, Any]) -> None:
    """A plane has the stated file name."""
    parts = (vector[key] for key in ("stem", "axes", "shape", "index"))
    assert plane_name(*parts, names.ENDINGS[vector["format"]]) == vector["file"]


def state_of_index(text: bytes) -> str:
    """What the reader says of an index's text, in the words of the vectors."""
    try:
        found = stack.parse(text)
    except (NewerVersionError, UnknownAlgorithmError):
        return "unsupported"
    except FormatError:
        return "malformed"
    agrees = "ok" if found.complete else "incomplete"
    return {True: agrees, False: "changed", None: "rewritten"}[stack.index_matches(text, found)]


@cases("stack")
def test_stack(vector: dict[str, Any]) -> None:
    """An index's text is ok, incomplete, changed, rewritten, malformed or unsupported."""
    assert state_of_index(vector["text"].encode("ascii")) == vector["verdict"]


# --------------------------------------------------------------------------------------------- PNG


@cases("png")
def test_png(vector: dict[str, Any]) -> None:
    """A file has the stated codestream, scan, length and end, and its samples the digest."""
    data = base64.b64decode(vector["file"])
    structure = png.walk(data)
    assert (structure.length, structure.end is not None) == (vector["length"], vector["complete"])
    assert str(structure.codestream()) == vector["codestream"]
    assert str(structure.scan()) == vector["scan"]
    if "pixels" in vector:
        found = digest_array(decode(structure))
        stated = vector["pixels"]
        assert (str(found.digest), list(found.shape), found.dtype) == tuple(stated.values())


@pytest.mark.parametrize("vector", VECTORS["window16"], ids=lambda v: f"{v['dtype']}-{v['high']}")
def test_window16(vector: dict[str, Any]) -> None:
    """Intensities become the stated levels of 16 bits."""
    values = np.array(vector["values"], vector["dtype"])
    levels = Window(low=vector["low"], high=vector["high"]).scale(values, 16)
    assert (levels.dtype, levels.tolist()) == (np.uint16, vector["levels"])


@cases("tile_digests")
def test_tile_digests(vector: dict[str, Any]) -> None:
    """The samples of a picture have the stated digests, tile by tile."""
    height, width, *channels = vector["shape"]
    size = vector["bits"] // 8
    drawn = [
        hashlib.sha256(f"{y},{x},{c}".encode()).digest()[:size]
        for y in range(height)
        for x in range(width)
        for c in range(*channels or [1])
    ]
    picture = np.frombuffer(b"".join(drawn), f"<u{size}").reshape(vector["shape"])
    assert tile_digests.measure(picture) == vector["tile_digests"]
    read_size, digests = tile_digests.read(vector["tile_digests"], picture.shape)
    assert np.array_equal(digests, tile_digests.compute(picture, read_size))


@cases("signature")
def test_signature(vector: dict[str, Any]) -> None:
    """What verifies, what does not, and what cannot be checked; the key is in the list."""
    from napari_seal import Trust, TrustedKey
    from napari_seal._trust.judge import Judge
    from napari_seal._trust.keys import PublicKey
    from napari_seal._verify.signed import judge_signature

    text = vector["text"].encode("ascii")
    seal = record.parse(record.load(text))
    matches = record.record_matches(text, seal)
    trust = Trust((TrustedKey(name="test key", key=PublicKey.from_text(vector["key"])),))
    state, signer, reasons = judge_signature(
        text, seal, record.BRACES, Judge(trust), matches=bool(matches)
    )
    expected = "trusted" if vector["signature"] == "valid" else vector["signature"]
    assert state == expected
    assert (signer == "test key") == (state == "trusted") == (not reasons)


@cases("adopted")
def test_adopted(vector: dict[str, Any]) -> None:
    """What stands beside the image of an adopted file has the digest of the rules."""
    structure = jpeg.walk(base64.b64decode(vector["file"]))
    scan = structure.scan()
    assert str(scan) == vector["scan"]
    entries = exif.read(block) if (block := next(structure.exif_blocks(), b"")) else {}
    assert str(digest_beside(structure, entries, scan, "sha256")) == vector["beside"]
