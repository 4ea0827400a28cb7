"""The road from an array to a sealed file, and everything that must not pass."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import piexif.helper
import pytest
from mutators import exif_payload, in_scan, moedal_check, moedal_digest, moedal_levels, record_text

import napari_seal
from napari_seal import MetadataError, OptionError, Seal, TargetExistsError, WriteError, seal
from napari_seal._seal.pipeline import seal_in_steps
from napari_seal._verify import quick
from napari_seal._verify.check import check_bytes
from napari_seal._verify.quick import prove
from napari_seal.errors import SealError


def test_the_returned_seal_is_the_files(tracks: np.ndarray, tmp_path: Path) -> None:
    """What `seal` returns is what `check` reads, with metadata, layer, window and quality."""
    path = tmp_path / "a.sealed.jpg"
    options: dict[str, Any] = {"metadata": {"a": [1, 2]}, "layer": {"name": "x"}, "quality": 77}
    made = seal(tracks, path, **options)
    verdict = napari_seal.check(path, full=True)
    assert isinstance(made, Seal)
    assert verdict.verdict == "intact"
    assert verdict.reasons == ()
    assert verdict.seal == made == napari_seal.verify(path)
    assert (made.metadata, made.layer, made.quality) == ({"a": [1, 2]}, {"name": "x"}, 77)
    assert made.window is not None
    assert (made.window.low, made.window.high) == (tracks.min(), tracks.max())
    assert os.listdir(tmp_path) == ["a.sealed.jpg"]


@pytest.mark.parametrize("kind", ["?", "u1", "i1", "u2", "i2", "i4", "i8", "f2", "f4", "f8"])
@pytest.mark.parametrize("colour", [False, True])
def test_twins_are_sealed_alike(
    kind: str, colour: bool, histology: np.ndarray, tmp_path: Path
) -> None:
    """Byte order, strides and write protection change neither the picture nor the digests."""
    image = (histology // 2 if colour else histology[..., 0] // 2).astype(kind)
    padded = np.zeros((image.shape[0] * 2, *image.shape[1:]), kind)
    padded[::2] = image
    read_only = image.copy()
    read_only.setflags(write=False)
    twins = [image, image.astype(">" + kind), np.asfortranarray(image), padded[::2], read_only,
             image[::-1][::-1]]  # fmt: skip
    seals = []
    for number, twin in enumerate(twins):
        before = twin.copy()
        seals.append(seal(twin, tmp_path / f"{number}.jpg"))
        assert np.array_equal(twin, before)
    assert {s.source for s in seals} == {seals[0].source}
    assert {s.codestream for s in seals} == {seals[0].codestream}
    pixels, _ = napari_seal.read(tmp_path / "0.jpg")
    restored = napari_seal.restore_intensity(pixels, seals[0].window)
    assert np.abs(restored - image.astype(float)).mean() < 2


def test_a_flat_image_is_black(tmp_path: Path) -> None:
    """A picture of one value is sealed as zeros, and comes back as that value."""
    made = seal(np.full((9, 9), 1234, np.uint16), tmp_path / "a.jpg")
    pixels, verdict = napari_seal.read(tmp_path / "a.jpg")
    assert not pixels.any()
    assert verdict.intact
    assert (napari_seal.restore_intensity(pixels, made.window) == 1234).all()


def test_the_moedal_key_satisfies_the_collaborations_check(
    tracks: np.ndarray, tmp_path: Path
) -> None:
    """A file with `moedal=True` passes the old check, and holds the old function's picture."""
    path = tmp_path / "a.jpg"
    seal(tracks, path, moedal=True, metadata={"plate": 7})
    data = path.read_bytes()
    assert moedal_check(data)
    comment = piexif.load(exif_payload(data))["Exif"][0x9286]
    assert piexif.helper.UserComment.load(comment).encode() == record_text(data)
    window = napari_seal.verify(path).window  # type: ignore[union-attr]
    assert np.array_equal(window.scale(tracks), moedal_levels(tracks))
    assert moedal_digest(data) in record_text(data).decode()


CYCLE: dict[str, Any] = {}
CYCLE["me"] = CYCLE

BAD_OPTIONS: list[tuple[dict[str, Any], type[SealError], str]] = [
    ({"quality": 0}, OptionError, "quality"),
    ({"quality": 101}, OptionError, "quality"),
    ({"quality": True}, OptionError, "quality"),
    ({"quality": 90.0}, OptionError, "quality"),
    ({"window": (5, 1)}, OptionError, "window"),
    ({"window": "auto"}, OptionError, "window"),
    ({"metadata": {"big": "x" * 70_000, "small": 1}}, MetadataError, "71,.*65,533.*'big'.*70,002"),
    ({"metadata": {"seal": 1}}, MetadataError, "reserved"),
    ({"metadata": {"sha244": 1}}, MetadataError, "reserved"),
    ({"metadata": {"a": {"b": {3: 4}}}}, MetadataError, "key 3"),
    ({"metadata": {"a": float("nan")}}, MetadataError, "nan"),
    ({"metadata": {"a": b"x"}}, MetadataError, "bytes"),
    ({"metadata": {"a": np.zeros(2)}}, MetadataError, "ndarray"),
    ({"metadata": CYCLE}, MetadataError, "levels deep"),
    ({"metadata": ["a"]}, MetadataError, "mapping"),
    ({"layer": {"a": object()}}, MetadataError, "layer"),
    ({"layer": {"name": "x" * 70_000}}, MetadataError, "65,533"),
    ({"exif": {"Maker": "x"}}, MetadataError, "did you mean Make"),
    ({"exif": {"MakerNote": bytes(70_000)}}, MetadataError, "65,533"),
    ({"exif": ["Make"]}, MetadataError, "mapping"),
    ({"exif": {"Orientation": 6}}, MetadataError, "turn the array"),
]


@pytest.mark.parametrize(("options", "error", "says"), BAD_OPTIONS, ids=lambda v: str(v)[:25])
def test_bad_options_write_nothing(
    options: dict[str, Any], error: type[SealError], says: str, tracks: np.ndarray, tmp_path: Path
) -> None:
    """Each is an error that says what is wrong; the folder stays empty, an old file stays."""
    with pytest.raises(error, match=f"(?s){says}"):
        seal(tracks, tmp_path / "a.jpg", **options)
    assert os.listdir(tmp_path) == []
    (tmp_path / "a.jpg").write_bytes(b"old")
    with pytest.raises(error):
        seal(tracks, tmp_path / "a.jpg", overwrite=True, **options)
    assert (tmp_path / "a.jpg").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.jpg"]


@pytest.mark.parametrize(
    ("name", "error"),
    [("a.tif", OptionError), ("a", OptionError), (".jpg/", OptionError), ("no/a.jpg", WriteError),
     ("folder.jpg", WriteError), ("there.jpg", TargetExistsError), ("a\0.jpg", WriteError)],
)  # fmt: skip
def test_bad_targets(name: str, error: type[SealError], tracks: np.ndarray, tmp_path: Path) -> None:
    """A wrong extension, a folder, a missing folder, an existing file."""
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "there.jpg").write_bytes(b"old")
    with pytest.raises(error):
        seal(tracks, f"{tmp_path}/{name}")
    assert sorted(os.listdir(tmp_path)) == ["folder.jpg", "there.jpg"]
    assert (tmp_path / "there.jpg").read_bytes() == b"old"


@pytest.mark.parametrize("name", ["a.jpg", "b.JPEG", "ž 試料.sealed.jpg", "=cmd.jpg", "-n.jpg"])
def test_good_targets(name: str, tracks: np.ndarray, tmp_path: Path) -> None:
    """Any name with a JPEG extension, as text or as path."""
    for path in (str(tmp_path / name), tmp_path / name):
        seal(tracks, path, overwrite=True)
        assert napari_seal.check(path).intact


def test_one_call_leaves_nothing_to_the_next(tracks: np.ndarray, tmp_path: Path) -> None:
    """Metadata of one file do not leak into another, and the caller's dictionary is not touched."""
    mine = {"a": 1}
    seal(tracks, tmp_path / "a.jpg", metadata=mine, moedal=True)
    made = seal(tracks, tmp_path / "b.jpg")
    assert mine == {"a": 1}
    assert made.metadata == {}


def test_digests_with_blake3(tracks: np.ndarray, tmp_path: Path) -> None:
    """All digests but ExifTool's are of that algorithm, and the file is intact."""
    blake3 = pytest.importorskip("blake3", reason="the package blake3 is not installed").blake3
    path = tmp_path / "a.jpg"
    sealed = napari_seal.seal(tracks, path, metadata={"sample": "A"}, algorithm="blake3")
    assert sealed.source is not None
    assert sealed.record is not None
    digests = (sealed.codestream, sealed.pixels.digest, sealed.source.digest, sealed.exif.digest)
    assert {digest.algorithm for digest in (*digests, sealed.record)} == {"blake3"}
    assert sealed.scan.algorithm == "sha256"
    assert sealed.source.digest.hex == blake3(tracks.tobytes()).hexdigest()
    assert napari_seal.check(path).intact
    assert napari_seal.check(path, full=True).reasons == ()
    assert napari_seal.verify(path) == sealed
    assert prove(path.read_bytes(), "a.jpg") is not None
    data = path.read_bytes()
    edited = check_bytes(data.replace(b'"sample":"A"', b'"sample":"B"'), "a.jpg")
    assert edited.verdict == "metadata-changed"
    assert check_bytes(in_scan(0.5)(data), "a.jpg").verdict == "image-changed"


def test_without_blake3_the_error_says_what_to_install(
    tracks: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written, and an unknown algorithm is refused as well."""
    monkeypatch.setitem(sys.modules, "blake3", None)  # what `import` takes for "not there"
    with pytest.raises(OptionError, match=r"napari-seal\[blake3\]"):
        napari_seal.seal(tracks, tmp_path / "a.jpg", algorithm="blake3")
    with pytest.raises(OptionError, match="'md5'"):
        napari_seal.seal(tracks, tmp_path / "a.jpg", algorithm="md5")
    assert list(tmp_path.iterdir()) == []


def test_a_file_whose_algorithm_is_missing_is_unsupported(
    tracks: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never changed, never malformed; the sentence names the extra."""
    pytest.importorskip("blake3", reason="the package blake3 is not installed")
    path = tmp_path / "a.jpg"
    napari_seal.seal(tracks, path, algorithm="blake3")
    monkeypatch.setitem(sys.modules, "blake3", None)
    quick._start.cache_clear()  # an earlier test may have had the package
    verdict = napari_seal.check(path)
    assert verdict.verdict == "seal-unsupported"
    assert verdict.reasons[0].code == "unknown-algorithm"
    assert "napari-seal[blake3]" in verdict.reasons[0].message


class _EndedError(Exception):
    """Somebody who waited wants no more."""


@pytest.mark.parametrize("name", ["a.sealed.jpg", "a.sealed.png"])
@pytest.mark.parametrize("old", [None, b"old"])
def test_sealing_can_be_ended_at_each_step(
    tracks: np.ndarray, tmp_path: Path, name: str, old: bytes | None
) -> None:
    """Until the file takes its place: nothing is left behind, and an older one stays."""
    told: list[tuple[int, int]] = []
    seal_in_steps(tracks, tmp_path / name, lambda *at: told.append(at))
    assert [*dict.fromkeys(told)] == [(done, 5) for done in range(1, 6)]
    os.unlink(tmp_path / name)
    if old is not None:
        (tmp_path / name).write_bytes(old)
    # Within a step, too: a large PNG is encoded for seconds.
    for times in range(len(told)):
        left = times

        def end(done: int, total: int) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise _EndedError

        with pytest.raises(_EndedError):
            seal_in_steps(tracks, tmp_path / name, end, overwrite=True)
        there = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
        assert there == ({} if old is None else {name: old})
