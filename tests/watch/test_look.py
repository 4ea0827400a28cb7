"""Which files are taken, and what tells that one changed."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from napari_seal._watch.look import Place, is_left_alone, look_at, walk


def found(raw: Path, below: str = "") -> list[bytes]:
    return [key for key, _ in walk(str(raw), below, lambda *what: pytest.fail(repr(what)))]


@pytest.mark.parametrize(
    "name",
    [".a.tif", "~$a.tif", "a.tif.part", "a.part.tif", "a.TMP", "a.tmp.tif", "a.tif.crdownload",
     "a.sealed.png", "a.sealed", "A.Sealed.JPG", "lost+found", "@eaDir", "$RECYCLE.BIN"],
)  # fmt: skip
def test_parts_hidden_and_sealed_files_are_left_alone(name):
    """By their names, whatever is in them."""
    assert is_left_alone(name)


@pytest.mark.parametrize("name", ["a.tif", "part.tif", "a_part.tif", "tmp", "unsealed.png"])
def test_other_names_are_taken(name):
    """Also where they hold a word that ends the names of parts."""
    assert not is_left_alone(name)


def test_a_walk_goes_by_name_and_follows_no_link_to_a_folder(tmp_path):
    """Files of other kinds and hidden folders are passed over, links to files are not."""
    for name in ("b/2.tif", "b/1.TIF", "a.npy", "c.txt", ".h/x.tif", "s.sealed/p.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "b" / "again").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "z.tif").symlink_to(tmp_path / "c.txt")
    assert found(tmp_path) == [b"a.npy", b"z.tif", b"b/1.TIF", b"b/2.tif"]
    assert found(tmp_path, "b") == [b"b/1.TIF", b"b/2.tif"]


@pytest.mark.parametrize("marker", ["zarr.json", ".zgroup", ".zarray"])
def test_a_folder_that_is_one_image_is_one_file(tmp_path, marker):
    """By its ending, or by what is in it; nothing within is a file of its own."""
    for folder in ("a.zarr/0", "b/0"):
        (tmp_path / folder).mkdir(parents=True)
        np.save(tmp_path / folder / "x.npy", np.zeros(3))
    assert found(tmp_path) == [b"a.zarr", b"b/0/x.npy"]
    (tmp_path / "b" / marker).write_text("{}")
    assert found(tmp_path) == [b"a.zarr", b"b"]


def test_the_look_of_a_folder_tells_of_every_change_in_it(tmp_path):
    """A file that grows, one more, and one less."""
    (tmp_path / "0" / "0").mkdir(parents=True)
    (tmp_path / "0" / "0" / "chunk").write_bytes(b"12")
    looks = [look_at(str(tmp_path))]
    (tmp_path / "0" / "0" / "chunk").write_bytes(b"123")
    looks.append(look_at(str(tmp_path)))
    (tmp_path / "0" / "other").write_bytes(b"")
    looks.append(look_at(str(tmp_path)))
    (tmp_path / "0" / "0" / "chunk").unlink()
    looks.append(look_at(str(tmp_path)))
    assert [look.size for look in looks] == [2, 3, 3, 0]
    assert [look.inode for look in looks] == [1, 1, 2, 1]
    assert len(set(looks)) == 4


def test_a_file_of_the_same_size_and_time_has_another_look(tmp_path):
    """Where another was moved into its place, and where its time was set back."""
    path, other = tmp_path / "a", tmp_path / "b"
    path.write_bytes(b"1")
    other.write_bytes(b"2")
    first = look_at(str(path))
    os.utime(other, ns=(first.mtime, first.mtime))
    other.replace(path)
    second = look_at(str(path))
    assert first[:2] == second[:2]
    assert first != second


def test_a_folder_that_cannot_be_listed_is_told(tmp_path, monkeypatch):
    """The walk goes on behind it; the folder that is watched itself is an error."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "1.tif").write_bytes(b"")
    real = os.scandir

    def scandir(path: str):
        if path.endswith("a"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    told = []
    keys = [key for key, _ in walk(str(tmp_path), "", lambda *what: told.append(what[0]))]
    assert (keys, told) == ([b"b/1.tif"], ["a"])
    with pytest.raises(FileNotFoundError):
        list(walk(str(tmp_path / "nothing"), "", lambda *_: None))


def test_a_place_knows_another_folder_of_its_name(tmp_path):
    """As where a disk was unmounted."""
    (tmp_path / "out").mkdir()
    place = Place.of(str(tmp_path / "out"))
    assert place.is_there()
    (tmp_path / "out").rename(tmp_path / "away")
    assert not place.is_there()
    (tmp_path / "out").mkdir()
    assert not place.is_there()
