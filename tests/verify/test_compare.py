"""What stands beside the image data: tags, segments, XMP, and what follows the end."""

from __future__ import annotations

import io

import piexif
import pytest
from mutators import (
    APP0,
    APP1,
    APP2,
    COM,
    DQT,
    TURNED,
    XMP,
    Mutator,
    drop,
    edit_exif,
    exif_payload,
    flip_in,
    insert_before,
    remove,
    segment,
    tag,
    then,
    with_exif,
)
from PIL import Image

from napari_seal import Verdict
from napari_seal._verify.check import check_bytes

ICC = segment(APP2, b"ICC_PROFILE\0\1\1" + bytes(128))
PHOTOSHOP = segment(0xED, b"Photoshop 3.0\x008BIM")


@pytest.fixture
def verdict_after(sealed: dict[str, bytes]):
    """The verdict on the gray file after a change."""

    def check(mutate: Mutator) -> Verdict:
        return check_bytes(mutate(sealed["gray"]), "a")

    return check


def thumbnail(data: bytes) -> bytes:
    """A thumbnail in the Exif block, as cameras and editors put it there."""
    tags = piexif.load(exif_payload(data))
    tags["1st"] = {0x0103: 6}
    small = io.BytesIO()
    Image.new("L", (8, 8)).save(small, "JPEG")
    tags["thumbnail"] = small.getvalue()
    return with_exif(data, piexif.dump(tags))


@pytest.mark.parametrize(
    ("mutate", "message", "found"),
    [
        (insert_before(DQT, ICC), "an ICC colour profile (APP2)", "1"),
        (insert_before(DQT, segment(COM, b"hi")), "a comment (COM)", "1"),
        (insert_before(DQT, segment(0xE9, b"?")), "unknown data (APP9)", "1"),
        (insert_before(DQT, ICC + segment(COM, b"a") * 2 + PHOTOSHOP),
         "Photoshop resources (IPTC) (APP13), a comment (COM), an ICC colour profile (APP2)", "4"),
        (insert_before(DQT, segment(APP0, b"JFXX\0\x10")), "a JFIF thumbnail (APP0)", "1"),
    ],
)  # fmt: skip
def test_added_segments_are_named(
    mutate: Mutator, message: str, found: str, verdict_after: object
) -> None:
    """By what they hold, each kind once; how many there are stands beside it."""
    verdict = verdict_after(mutate)  # type: ignore[operator]
    (reason,) = verdict.reasons
    assert (verdict.verdict, reason.code, reason.found) == ("intact", "segment-added", found)
    assert reason.message == f"Segments were added that the seal does not cover: {message}."


@pytest.mark.parametrize(
    ("mutate", "message"),
    [
        (remove(APP1, XMP), "The XMP packet for ExifTool was removed."),
        (insert_before(DQT, segment(APP1, XMP + b"<x/>")),
         "An XMP packet was added to the one for ExifTool."),
        (lambda d: d.replace(b"et:OriginalImageHashType", b"et:originalImageHashType"),
         "Other software wrote the XMP packet anew; it still holds the digest for ExifTool."),
        (then(remove(APP1, XMP), insert_before(DQT, segment(APP1, XMP + b"<x/>"))),
         "The XMP packet for ExifTool was edited: it no longer holds the sealed digest."),
        (then(remove(APP1, XMP), insert_before(DQT, segment(APP1, XMP + b"<x/>") * 2)),
         "The XMP packet for ExifTool was edited: it no longer holds the sealed digest."),
    ],
)  # fmt: skip
def test_xmp_is_told_apart(mutate: Mutator, message: str, verdict_after: object) -> None:
    """Removed, added, written anew, edited."""
    verdict = verdict_after(mutate)  # type: ignore[operator]
    assert [(str(r.code), r.message) for r in verdict.reasons] == [("xmp-changed", message)]
    assert verdict.verdict == "intact"


@pytest.mark.parametrize(
    ("tail", "message", "found"),
    [
        (b"x", "1 byte was added after the end of the image.", "1 byte"),
        (bytes(1234), "1,234 bytes were added after the end of the image.", "1,234 bytes"),
        (b"\xff\xd9", "2 bytes were added after the end of the image.", "2 bytes"),
    ],
)
def test_bytes_after_the_end_are_counted(
    tail: bytes, message: str, found: str, verdict_after: object
) -> None:
    """Whatever they are."""
    (reason,) = verdict_after(lambda data: data + tail).reasons  # type: ignore[operator]
    assert (reason.code, reason.message, reason.found) == ("bytes-after-end", message, found)


@pytest.mark.parametrize(
    ("mutate", "word", "expected"),
    [
        (tag("0th", 0x010F, b"Leica"), "metadata-changed",
         ("exif-tag-changed", "The Exif tag Make is not what was sealed.", "Leica")),
        (tag("Exif", 0x829A, (1, 125)), "metadata-changed",
         ("exif-tag-changed", "The Exif tag ExposureTime is not what was sealed.", "1/125")),
        (drop("0th", 0x010F), "metadata-changed",
         ("exif-tag-removed", "The Exif tag Make was removed.", None)),
        (tag("0th", 0x0112, 6), "metadata-changed",
         ("orientation-changed",
          "The Exif tag Orientation was added: viewers show the picture turned or mirrored.",
          "6")),
        (tag("0th", 0x013B, b"Somebody"), "intact",
         ("exif-tags-added", "Exif tags were added later: Artist.", None)),
        (edit_exif(lambda t: t["GPS"].update({1: b"N", 2: ((5, 1), (6, 1), (7, 1))})), "intact",
         ("exif-tags-added", "Exif tags were added later: GPSLatitude, GPSLatitudeRef.", None)),
        (thumbnail, "intact",
         ("thumbnail-added",
          "A thumbnail was added: file managers may show it in place of the picture.", None)),
        (tag("0th", 0x010F, b"\x1b[2J\xff"), "metadata-changed",
         ("exif-tag-changed", "The Exif tag Make is not what was sealed.", "\\x1b[2J\ufffd")),
    ],
)  # fmt: skip
def test_tags_are_named_with_what_they_hold_now(
    mutate: Mutator, word: str, expected: tuple[str, str, str | None], verdict_after: object
) -> None:
    """Changed, removed, added; a thumbnail has a reason of its own."""
    verdict = verdict_after(mutate)  # type: ignore[operator]
    assert verdict.verdict == word
    assert [(str(r.code), r.message, r.found) for r in verdict.reasons] == [expected]


def test_a_further_exif_block_is_a_change(verdict_after: object) -> None:
    """Nobody knows which of them a viewer follows."""
    turned = insert_before(DQT, segment(APP1, b"Exif\0\0" + TURNED))
    verdict = verdict_after(turned)  # type: ignore[operator]
    assert verdict.verdict == "metadata-changed"
    assert [str(r.code) for r in verdict.reasons] == ["exif-block-added"]


def test_what_the_jfif_header_says_is_not_sealed(verdict_after: object) -> None:
    """A density is no segment that was added."""
    assert verdict_after(flip_in(APP0, 9)).reasons == ()  # type: ignore[operator]
