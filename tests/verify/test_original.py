"""A file beside its original: confirmed, another one, or pixel by pixel what was changed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from mutators import cut, flip, in_scan, moedal_file, redraw, resave, scan_offset, seal_key
from originals import STACK, TRACKS, spot
from PIL import Image
from support import codes, nuclear_tracks, picture

from napari_seal import OptionError, check, seal


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A sealed file."""
    path = tmp_path / "a.sealed.jpg"
    seal(TRACKS, path)
    return path


# --------------------------------------------------------------------------- kinds of originals


def written(tmp_path: Path, name: str, image: np.ndarray) -> Path:
    """The original as a file."""
    path = tmp_path / name
    if path.suffix == ".npy":
        np.save(path, image)
    elif path.suffix == ".png":
        Image.fromarray(image).save(path)
    else:
        tifffile.imwrite(path, image, photometric="minisblack")
    return path


@pytest.mark.parametrize(
    "original",
    [
        TRACKS,
        TRACKS.astype(">u2"),
        np.asfortranarray(TRACKS),
        STACK,
        STACK[None, :, ::1],
        STACK.astype(">u2"),
        TRACKS[:, ::-1].copy()[:, ::-1],
    ],
    ids=["array", "big-endian", "Fortran", "stack", "stack of stacks", "big-endian stack", "view"],
)
def test_an_array_confirms(original: np.ndarray, file: Path) -> None:
    """In any byte order and layout, or as a plane of a stack."""
    verdict = check(file, source=original)
    assert (verdict.verdict, codes(verdict)) == ("intact", ["original-confirmed"])
    assert "byte for byte" in verdict.reasons[0].message
    assert (verdict.regions, verdict.scores) == ((), None)


@pytest.mark.parametrize("name", ["a.npy", "a.tif", "a.TIFF", "a.png", "stack.tif", "stack.npy"])
def test_a_path_confirms(name: str, file: Path, tmp_path: Path) -> None:
    """TIFF, PNG and NumPy files, given as text or as a path."""
    path = written(tmp_path, name, STACK if "stack" in name else TRACKS)
    for source in (path, str(path)):
        assert codes(check(file, source=source)) == ["original-confirmed"]


@pytest.mark.parametrize("quality", [1, 50, 100])
@pytest.mark.parametrize("kind", ["?", "u1", "i2", "u4", "f4", "f8", "rgb"])
def test_all_types_and_qualities_confirm(kind: str, quality: int, tmp_path: Path) -> None:
    """The image data are made again from the array, the window and the quality."""
    image = np.asarray(picture("astronaut"))[:60, :70] if kind == "rgb" else TRACKS
    image = image if kind == "rgb" else ((image >> 8) > 130 if kind == "?" else image >> 8)
    image = image if kind in ("rgb", "?") else image.astype(kind)
    path = tmp_path / "a.jpg"
    seal(image, path, quality=quality)
    assert codes(check(path, source=image)) == ["original-confirmed"]
    seal(image, path, quality=quality, window=(1, 200), overwrite=True)
    assert codes(check(path, source=image)) == ["original-confirmed"]


# ------------------------------------------------------------------------------ wrong originals


@pytest.mark.parametrize(
    "original",
    [
        nuclear_tracks((160, 200), seed=2),
        TRACKS + np.uint16(np.arange(200) == 7),
        TRACKS[:, ::-1],
        TRACKS[:-1],
        TRACKS.astype(np.int32),
        TRACKS.astype(np.float32),
        STACK[::2],
        STACK.transpose(1, 2, 0),
        np.zeros((0, 160, 200), np.uint16),
    ],
    ids=["another", "one column", "mirrored", "cut", "int32", "float32", "stack without it",
         "planes last", "no planes"],
)  # fmt: skip
def test_a_wrong_original_is_substituted(original: np.ndarray, file: Path) -> None:
    """The file is as it was sealed, and was not made from this array."""
    verdict = check(file, source=original)
    assert (verdict.verdict, codes(verdict)) == ("substituted", ["original-differs"])
    assert not verdict.intact
    reason = verdict.reasons[0]
    assert str(reason.expected).endswith(", 160 x 200 of uint16")
    assert str(reason.found).endswith(original.dtype.name)


def test_a_wrong_original_does_not_hide_what_is_graver(file: Path) -> None:
    """A changed picture stays `image-changed`, metadata give way to `substituted`."""
    intact = file.read_bytes()
    wrong = TRACKS[::-1]
    for data, word in (
        (redraw(spot)(intact), "image-changed"),
        (cut(0.5)(intact), "truncated"),
        (seal_key("layer", {"name": "x"})(intact), "substituted"),
    ):
        file.write_bytes(data)
        verdict = check(file, source=wrong)
        assert verdict.verdict == word
        assert codes(verdict)[0] == "original-differs"
        assert len(verdict.reasons) > 1


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("gone.tif", None, "No such file"),
        ("empty.tif", b"", "not a readable TIF file"),
        ("text.npy", b"text", "not a readable NPY file"),
        ("text.png", b"text", "neither a PNG nor a JPEG"),
        ("a.bmp", b"BM", "is of the kind .bmp, which is not read; use TIFF, PNG, NPY"),
        ("noname", b"x", "is of the kind (no extension)"),
        ("\x1b[2J.png", b"text", "neither a PNG"),
        ("folder.tif", "folder", "is a folder"),
    ],
)
def test_an_unreadable_original_is_a_reason(
    name: str, content: bytes | str | None, says: str, file: Path, tmp_path: Path
) -> None:
    """The check of the file itself stands; the sentence says what is wrong with the original."""
    path = tmp_path / name
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)  # type: ignore[arg-type]
    verdict = check(file, source=path)
    assert (verdict.verdict, codes(verdict)) == ("intact", ["original-unreadable"])
    message = verdict.reasons[0].message
    assert says in message
    assert message.startswith("The original ")
    assert message.endswith(".")
    assert message.isprintable()


@pytest.mark.parametrize(
    "source",
    [7, 1.5, b"a.tif", np.zeros(5), [["a"]], {"a": 1}, [[1], [1, 2]], np.zeros((3, 3), "c8")],
)
def test_what_is_no_original_is_an_error_of_the_caller(source: Any, file: Path) -> None:
    """It says nothing about the file, so no verdict is given."""
    with pytest.raises(OptionError, match="original"):
        check(file, source=source)


def test_a_path_of_bytes(file: Path, tmp_path: Path) -> None:
    """A name that was found in a folder whose own name was given as bytes is a path as well."""
    np.save(tmp_path / "a.npy", TRACKS)
    (entry,) = (e for e in os.scandir(os.fsencode(tmp_path)) if e.name == b"a.npy")
    assert codes(check(file, source=entry)) == ["original-confirmed"]


# ---------------------------------------------------------------------------------- changed files


def test_a_changed_file_is_compared_pixel_by_pixel(file: Path) -> None:
    """Scores are differences in levels; what saving again does not explain stands out."""
    before = np.asarray(Image.open(file)).astype(int)
    file.write_bytes(redraw(spot)(file.read_bytes()))
    after = np.asarray(Image.open(file)).astype(int)
    verdict = check(file, source=TRACKS)
    assert verdict.verdict == "image-changed"
    assert codes(verdict)[:2] == ["differs-from-original", "original-confirmed"]
    assert verdict.scores is not None
    assert (verdict.scores.size, verdict.scores.scores.shape) == (1, (160, 200))
    assert np.array_equal(verdict.scores.scores, np.abs(after - before))
    assert np.array_equal(verdict.scores.sealed, before)
    assert verdict.regions == ((48, 64, 64, 80),)
    count = np.count_nonzero(after != before)
    assert verdict.reasons[0].message.startswith(f"Of 32,000 pixels, {count:,} differ")
    assert f"by up to {np.abs(after - before).max()} levels of 255" in verdict.reasons[0].message


@pytest.mark.parametrize("shape", [(160, 200), (163, 205), (9, 11)])
def test_boxes_are_exact(shape: tuple[int, int], tmp_path: Path) -> None:
    """One box for each group of changed blocks, shrunk to the very pixels."""
    path = tmp_path / "a.jpg"
    image = nuclear_tracks(shape)
    seal(image, path, quality=100)
    data = path.read_bytes()
    before = np.asarray(Image.open(path)).astype(int)
    path.write_bytes(flip(data, scan_offset(data, 0.98), 0x01))
    after = np.asarray(Image.open(path)).astype(int)
    verdict = check(path, source=image)
    changed = before != after
    assert changed.any()
    inside = np.zeros(shape, bool)
    for y0, x0, y1, x1 in verdict.regions:
        inside[y0:y1, x0:x1] = True
        part = changed[y0:y1, x0:x1]
        assert part[0].any()
        assert part[-1].any()
        assert part[:, 0].any()
        assert part[:, -1].any()
    assert (changed <= inside).all()
    number = len(verdict.regions)
    words = f"{number} {'place stands' if number == 1 else 'places stand'} out."
    assert verdict.reasons[0].message.endswith(words)


def test_where_all_pixels_moved_no_boxes_are_drawn(file: Path) -> None:
    """Saved again, a picture differs all over: that is no place."""
    file.write_bytes(resave(quality=60)(file.read_bytes()))
    verdict = check(file, source=TRACKS)
    assert codes(verdict)[:3] == ["differs-from-original", "original-confirmed", "recompressed"]
    assert verdict.regions == ()
    assert "place" not in verdict.reasons[0].message
    assert verdict.scores is not None
    assert verdict.scores.size == 1


def test_other_sizes_and_broken_data_are_confirmed_only(file: Path) -> None:
    """What cannot be compared by pixel is not; the other reasons say why."""
    data = file.read_bytes()
    for damaged in (redraw(lambda p: p[:-8])(data), redraw(lambda p: np.stack([p] * 3, -1))(data)):
        file.write_bytes(damaged)
        verdict = check(file, source=TRACKS)
        assert codes(verdict)[0] == "original-confirmed"
        assert {"size-changed"} <= set(codes(verdict))
        assert "differs-from-original" not in codes(verdict)


def test_colour_files_are_compared_by_their_strongest_channel(tmp_path: Path) -> None:
    """RGB: one score a pixel."""
    path = tmp_path / "a.jpg"
    image = np.asarray(picture("astronaut"))[:96, :96]
    seal(image, path)
    assert codes(check(path, source=image)) == ["original-confirmed"]
    path.write_bytes(in_scan(0.9)(path.read_bytes()))
    verdict = check(path, source=image)
    assert verdict.scores is not None
    assert verdict.scores.scores.shape == (96, 96)


# -------------------------------------------------------------------- seals that cannot be followed


def test_files_without_a_seal_say_so(tmp_path: Path, file: Path) -> None:
    """There is nothing to compare by; also not in the MoEDAL function's files."""
    path = tmp_path / "b.jpg"
    path.write_bytes(moedal_file(TRACKS, {}))
    assert codes(check(path, source=TRACKS))[-1] == "original-not-comparable"
    Image.fromarray(TRACKS >> 8).convert("L").save(path, "JPEG")
    verdict = check(path, source=TRACKS)
    assert (verdict.verdict, codes(verdict)[-1]) == ("no-seal", "original-not-comparable")
    path.write_bytes(b"")
    assert check(path, source=TRACKS).verdict == "not-an-image"
    assert check(tmp_path / "gone.jpg", source=TRACKS).verdict == "unreadable"
