"""How a picture was changed: seals of other pictures, and fingerprints that cannot be read."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from mutators import (
    APP1,
    EXIF,
    XMP,
    exif_payload,
    find,
    flip,
    insert_before,
    record_text,
    redraw,
    remove,
    resave,
    reseal,
    scan_offset,
    seal_key,
    segment,
    then,
    with_exif,
)
from support import codes, nuclear_tracks, picture, sealed_bytes, sealed_picture

from napari_seal._verify.change.regions import boxes
from napari_seal._verify.check import check_bytes

IMAGE = nuclear_tracks((160, 200))


@pytest.fixture(scope="module")
def file() -> bytes:
    """A sealed picture of 120 tiles."""
    return sealed_bytes(IMAGE, metadata={"detector": "TDR 12"})


def spot(pixels: np.ndarray) -> np.ndarray:
    """A dark spot within the tile in row 3, column 4."""
    pixels[50:62, 66:78] = 10
    return pixels


# ------------------------------------------------------------- fingerprints that cannot be read

UNREADABLE: dict[str, Any] = {
    "empty": {},
    "another kind": {"kind": "means-2", "size": 16, "step": 1.0, "data": "AAAA"},
    "wrong types": {"kind": "means-1", "size": "16", "step": [], "data": {}},
    "huge size": {"kind": "means-1", "size": 2**80, "step": 1.0, "data": ""},
    "bad base64": {"kind": "means-1", "size": 16, "step": 1.0, "data": "\u202e???"},
    "other data": {"kind": "means-1", "size": 32, "step": 1.0, "data": "AwA="},
}


@pytest.mark.parametrize("tiles", UNREADABLE.values(), ids=UNREADABLE)
def test_an_unreadable_fingerprint_breaks_no_check(tiles: dict[str, Any], file: bytes) -> None:
    """A closed record with one is intact, or changed without a place; an open one is a mismatch."""
    closed = reseal(lambda seal: seal.update(tiles=tiles))(file)
    assert (check_bytes(closed, "a", full=True).verdict, codes(check_bytes(closed, "a"))) == (
        "intact", []
    )  # fmt: skip
    edited = check_bytes(redraw(spot)(closed), "a")
    assert (edited.verdict, edited.regions, edited.scores) == ("image-changed", (), None)
    assert codes(edited)[0] == "pixels-mismatch"
    again = check_bytes(resave(quality=60)(closed), "a")
    assert codes(again)[:2] == ["recompressed", "pixels-mismatch"]
    opened = check_bytes(seal_key("tiles", tiles)(file), "a")
    assert (opened.verdict, codes(opened)) == ("metadata-changed", ["record-mismatch"])
    both = check_bytes(redraw(spot)(seal_key("tiles", tiles)(file)), "a")
    assert both.verdict == "image-changed"
    assert {"record-mismatch", "pixels-mismatch"} <= set(codes(both))


@pytest.mark.parametrize("shape", [[120], [200, 160, 3, 1], [2**60, 2**60], [0, 0], [1, 1]])
def test_a_fingerprint_of_another_shape_breaks_no_check(shape: list[int], file: bytes) -> None:
    """The shape in the seal is a claim, too."""
    data = reseal(lambda seal: seal["pixels"].update(shape=shape))(file)
    verdict = check_bytes(redraw(spot)(data), "a")
    assert verdict.verdict == "image-changed"
    assert verdict.regions == ()


def test_a_seal_without_a_fingerprint_still_tells_the_quality(file: bytes) -> None:
    """Fingerprints are optional."""
    bare = reseal(lambda seal: seal.pop("tiles") and None)(file)
    assert check_bytes(bare, "a").reasons == ()
    verdict = check_bytes(resave(quality=60)(bare), "a")
    reason = verdict.reasons[0]
    assert (reason.code, reason.expected, reason.found) == (
        "recompressed", "quality 90", "quality 60"
    )  # fmt: skip
    assert codes(check_bytes(redraw(spot)(bare), "a"))[0] == "pixels-mismatch"


def test_what_else_is_not_known_is_not_claimed(file: bytes) -> None:
    """Without the sealed quality there is no telling whether it is another one."""
    bare = reseal(lambda seal: seal.pop("quality") and None)(file)
    verdict = check_bytes(resave(quality=60)(bare), "a")
    assert verdict.regions == ()
    assert "compressed again, at" not in str(verdict)


# ------------------------------------------------------------------------------------- sentences


def test_edits_are_told_with_their_places_and_the_quality(file: bytes) -> None:
    """One place, several, many; and that the picture was saved with other settings."""
    (box,) = check_bytes(redraw(spot)(file), "a").regions
    assert box == (48, 64, 64, 80)
    first, second, *_ = check_bytes(redraw(spot, quality=70)(file), "a").reasons
    assert first.message == ("The picture was edited in 1 place: rows 48 to 64, columns 64 to 80.")
    assert (first.found or "").startswith("1 place, up to ")
    assert second.message == "The picture was compressed again, at quality 70."

    def many(pixels: np.ndarray) -> np.ndarray:
        for y in range(2, 160, 48):
            for x in range(2, 200, 48):
                pixels[y : y + 12, x : x + 12] = 10
        return pixels

    verdict = check_bytes(redraw(many)(file), "a")
    assert verdict.scores is not None
    assert verdict.regions == boxes(verdict.scores.scores > 1, 8, (160, 200))
    assert len(verdict.regions) == 20
    assert "edited in 20 places, over " in verdict.reasons[0].message
    assert verdict.reasons[0].message.endswith(", and more.")


def test_where_most_tiles_changed_no_place_is_named(file: bytes) -> None:
    """Then it is the whole picture."""

    def half(pixels: np.ndarray) -> np.ndarray:
        pixels[:100] //= 3
        return pixels

    verdict = check_bytes(redraw(half)(file), "a")
    assert codes(verdict)[0] == "changed-everywhere"
    assert verdict.regions == ()
    assert "% of its tiles have other levels." in verdict.reasons[0].message
    assert verdict.scores is not None
    assert (verdict.scores.scores[:12] > 1).all()
    assert (verdict.scores.scores[13:] <= 1).all()


# ---------------------------------------------------------------------------- seals of others


@pytest.mark.parametrize("with_packet", [True, False], ids=["own XMP stays", "XMP copied too"])
def test_a_seal_copied_from_another_file(with_packet: bool) -> None:
    """Where the XMP packet of the picture stayed, it tells so; else the fingerprint does."""
    one, other = sealed_picture("camera"), sealed_picture("moon")
    data = with_exif(one, exif_payload(other))
    if not with_packet:
        start, end = find(other, APP1, starts=XMP)
        data = insert_before(0xDB, other[start:end])(remove(APP1, XMP)(data))
    verdict = check_bytes(data, "a")
    assert verdict.verdict == "image-changed"
    assert ("seal-copied" in codes(verdict)) == with_packet
    assert "picture-replaced" in codes(verdict)
    assert verdict.regions == ()
    if with_packet:
        reason = verdict.reasons[0]
        assert reason.code == "seal-copied"
        assert str(reason.expected).startswith("sha256:")
        assert reason.expected != reason.found


def test_a_seal_copied_to_a_picture_of_another_size() -> None:
    """The packet tells, and the sizes stand beside it."""
    data = with_exif(sealed_picture("coins"), exif_payload(sealed_picture("moon")))
    assert codes(check_bytes(data, "a"))[:2] == ["seal-copied", "size-changed"]


def test_an_edited_picture_is_not_called_copied(file: bytes) -> None:
    """The packet stays behind as well, and fits neither."""
    data = flip(file, scan_offset(file, 0.9), 0x10)
    assert "seal-copied" not in codes(check_bytes(data, "a"))
    assert "seal-copied" not in codes(check_bytes(redraw(spot)(file), "a"))


# ---------------------------------------------------------------------------- traces of a seal


def xmp_of_others(digest: str) -> bytes:
    """A packet as other software writes it anew: attributes, another order, other quotes."""
    return segment(
        APP1,
        XMP + b'<rdf:Description x:OriginalImageHashType="SHA256" x:OriginalImageHash="'
        + digest.encode() + b'" dc:title="Tracks"/>',
    )  # fmt: skip


def test_xmp_written_anew_with_a_fitting_digest_is_a_trace(file: bytes) -> None:
    """The seal was removed, and the digest of just this picture stands in foreign XMP."""
    scan = json.loads(record_text(file))["seal"]["scan"].removeprefix("sha256:")
    bare = remove(APP1, EXIF)(remove(APP1, XMP)(file))
    assert codes(check_bytes(bare, "a")) == ["no-seal-found"]
    traced = check_bytes(insert_before(0xDB, xmp_of_others(scan))(bare), "a")
    assert (traced.verdict, codes(traced)) == ("no-seal", ["seal-stripped"])
    assert "OriginalImageHash" in traced.reasons[0].message
    others = check_bytes(insert_before(0xDB, xmp_of_others("0" * 64))(bare), "a")
    assert codes(others) == ["no-seal-found"]


def test_xmp_written_anew_says_whether_it_still_holds_the_digest(file: bytes) -> None:
    """Beside an intact seal: a reason with the fitting words."""
    scan = json.loads(record_text(file))["seal"]["scan"].removeprefix("sha256:")
    bare = remove(APP1, XMP)(file)
    for digest, words in ((scan, "still holds the digest"), ("0" * 64, "no longer holds")):
        verdict = check_bytes(insert_before(0xDB, xmp_of_others(digest))(bare), "a")
        assert (verdict.verdict, codes(verdict)) == ("intact", ["xmp-changed"])
        assert words in verdict.reasons[0].message


# --------------------------------------------------------------------------------- all at once


def test_everything_at_once_is_told(file: bytes) -> None:
    """An edited picture, saved anew, with other metadata and something added."""
    from mutators import tag, text

    data = then(
        text(b"TDR 12", b"TDR 13"),
        tag("0th", 0x0131, b"Editor 1.0"),
        tag("0th", 0x0112, 3),
        redraw(spot, quality=60),
        insert_before(0xDB, segment(0xFE, b"hello")),
        lambda data: data + b"trailer",
    )(file)
    verdict = check_bytes(data, "a")
    assert verdict.regions == ((48, 64, 64, 80),)
    assert codes(verdict) == [
        "edited", "recompressed", "pixels-mismatch", "codestream-mismatch",
        "metadata-key-changed", "record-mismatch", "exif-tag-changed", "orientation-changed",
        "xmp-changed", "segment-added", "bytes-after-end",
    ]  # fmt: skip


def test_colour_alone_is_seen_as_a_change_without_a_place() -> None:
    """The fingerprint holds luma: another hue of the same luma has no place, and is changed."""
    data = sealed_picture("coffee")
    assert picture("coffee").ndim == 3

    def hue(pixels: np.ndarray) -> np.ndarray:
        part = pixels[80:110, 80:110].astype(int)
        part[..., 2] = np.clip(part[..., 2] + 26, 0, 255)
        part[..., 0] = np.clip(part[..., 0] - 10, 0, 255)
        pixels[80:110, 80:110] = part
        return pixels

    verdict = check_bytes(redraw(hue, subsampling=0)(data), "a")
    assert (verdict.verdict, verdict.regions) == ("image-changed", ())
    assert "colour alone" in str(verdict)
