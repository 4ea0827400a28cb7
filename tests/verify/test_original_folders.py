"""Folders of sealed files against folders of originals, which are found by their names."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import tifffile
from mutators import redraw
from originals import STACK, TRACKS, spot
from support import codes, sealed_bytes

from napari_seal import OptionError, check_many, seal
from napari_seal._verify.change.original_files import find_original


@pytest.mark.parametrize(
    ("name", "original"),
    [
        ("a.sealed.jpg", "a.tif"),
        ("a.jpg", "a.tiff"),
        ("a.JPEG", "a.npy"),
        ("a.jif", "a.png"),
        ("a.sealed.jpg", "a.TIF"),
        ("a.sealed.jpg", "a.NPY"),
        ("a.ome.sealed.jpg", "a.ome.tif"),
        ("a.sealed.jpg", "a.ome.tif"),
        ("sub/b/a.sealed.jpg", "sub/b/a.tif"),
        ("a-0003.sealed.jpg", "a.tif"),
        ("a-0003.sealed.jpg", "a-0003.tif"),
        ("a-12345.sealed.jpg", "a.npy"),
        ("a_t3_c0_z12.sealed.jpg", "a.ome.tif"),
        ("a_s1_i07.sealed.png", "a.nd2"),
        ("a_b_x1.sealed.jpg", "a_b_x1.CZI"),
        ("a_T3.sealed.jpg", None),
        ("a-003.sealed.jpg", None),
        ("a.sealed.jpg", "b.tif"),
        ("a.sealed.jpg", "sub/a.tif"),
        ("sub/a.sealed.jpg", "a.tif"),
        ("a.sealed.jpg", "a.sealed.jpg"),
    ],
)
@pytest.mark.parametrize("slash", ["", "/"])
def test_originals_are_found_by_name(
    name: str, original: str | None, slash: str, tmp_path: Path
) -> None:
    """Laid out as the sealed files are, with the extension of a TIFF, NumPy or PNG file."""
    folder = tmp_path / "originals"
    folder.mkdir()
    if original is not None:
        (folder / original).parent.mkdir(parents=True, exist_ok=True)
        (folder / original).touch()
    root = str(tmp_path / "sealed")
    elsewhere = name == "sub/a.sealed.jpg" or original in ("b.tif", "sub/a.tif", "a.sealed.jpg")
    expected = original is not None and not elsewhere
    found = find_original(f"{root}/{name}", [root + slash], str(folder))
    assert found == (str(folder / str(original)) if expected else None)


def test_the_plane_of_its_own_name_comes_first(tmp_path: Path) -> None:
    """`a-0003.tif` before `a.tif`; a file that was named itself counts by its name only."""
    for name in ("a.tif", "a-0003.tif"):
        (tmp_path / name).touch()
    assert find_original("/x/y/a-0003.sealed.jpg", ["/z"], str(tmp_path)) == str(
        tmp_path / "a-0003.tif"
    )


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Sealed files in folders, and their originals."""
    sealed, originals = tmp_path / "sealed", tmp_path / "originals"
    for sub in ("", "sub"):
        (sealed / sub).mkdir()
        (originals / sub).mkdir()
        seal(TRACKS, sealed / sub / "a.sealed.jpg")
        tifffile.imwrite(originals / sub / "a.tif", TRACKS)
    for index, plane in enumerate(STACK):
        seal(plane, sealed / f"stack-{index:04}.sealed.jpg")
    np.save(originals / "stack.npy", STACK)
    seal(TRACKS, sealed / "lone.sealed.jpg")
    seal(TRACKS, sealed / "wrong.sealed.jpg")
    np.save(originals / "wrong.npy", TRACKS[::-1])
    seal(TRACKS, sealed / "broken.sealed.jpg")
    (originals / "broken.tif").write_text("text")
    edited = sealed / "edited.sealed.jpg"
    seal(TRACKS, edited)
    edited.write_bytes(redraw(spot)(edited.read_bytes()))
    np.save(originals / "edited.npy", TRACKS)
    return sealed, originals


def test_a_folder_is_checked_against_its_originals(folders: tuple[Path, Path]) -> None:
    """Sub-folders, planes, missing, unreadable and wrong originals: one verdict each."""
    sealed, originals = folders
    verdicts = list(check_many(sealed, against=originals))
    found = {str(Path(v.path).relative_to(sealed)): (str(v.verdict), codes(v)[0]) for v in verdicts}
    assert found == {
        "a.sealed.jpg": ("intact", "original-confirmed"),
        "broken.sealed.jpg": ("intact", "original-unreadable"),
        "edited.sealed.jpg": ("image-changed", "differs-from-original"),
        "lone.sealed.jpg": ("intact", "original-missing"),
        "stack-0000.sealed.jpg": ("intact", "original-confirmed"),
        "stack-0001.sealed.jpg": ("intact", "original-confirmed"),
        "stack-0002.sealed.jpg": ("intact", "original-confirmed"),
        "sub/a.sealed.jpg": ("intact", "original-confirmed"),
        "wrong.sealed.jpg": ("substituted", "original-differs"),
    }
    missing = next(v for v in verdicts if "lone" in v.path)
    assert str(originals) in missing.reasons[0].message


def test_named_files_are_found_by_their_name(folders: tuple[Path, Path]) -> None:
    """A file that is named itself is looked for at the top of the folder."""
    sealed, originals = folders
    (verdict,) = check_many([sealed / "sub" / "a.sealed.jpg"], against=str(originals))
    assert codes(verdict) == ["original-confirmed"]


@pytest.mark.parametrize("against", ["gone", "file"])
def test_originals_that_are_no_folder_are_an_error(against: str, tmp_path: Path) -> None:
    """At the call, before anything is checked."""
    (tmp_path / "file").touch()
    with pytest.raises(OptionError, match="folder"):
        check_many(tmp_path, against=tmp_path / against)


def test_scores_come_back_from_worker_processes(tmp_path: Path) -> None:
    """Verdicts with boxes and maps cross between processes, by tile and by pixel."""
    sealed, originals = tmp_path / "sealed", tmp_path / "originals"
    sealed.mkdir()
    originals.mkdir()
    data = redraw(spot)(sealed_bytes(TRACKS))
    np.save(originals / "0.npy", TRACKS)
    for number in range(70):
        (sealed / f"{number}.sealed.jpg").write_bytes(data)
    alone = list(check_many(sealed, jobs=1, against=originals))
    spread = list(check_many(sealed, jobs=2, against=originals))
    assert alone == spread
    assert len(spread) == 70
    for one, other in zip(alone, spread, strict=True):
        assert one.scores is not None
        assert other.scores is not None
        assert one.scores.size == other.scores.size
        assert np.array_equal(one.scores.scores, other.scores.scores)
        assert np.array_equal(one.scores.sealed, other.scores.sealed)
        assert other.regions
    verdict = spread[0]
    again = pickle.loads(pickle.dumps(verdict))
    assert again == verdict
    assert len(repr(verdict)) < 3000
    assert "ScoreMap" not in repr(verdict)
