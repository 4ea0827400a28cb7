"""Files at addresses are read: in a local folder, in memory, and in stores that the tests start."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stores import put

import napari_seal
from napari_seal import _files, _folders
from napari_seal._format import limits
from napari_seal._verify.scan import count_images, find_images

fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed")


@pytest.fixture
def archive(place: str, sealed: dict[str, bytes]) -> str:
    """A folder with an intact file, one in a folder below, a cut one, and what is no JPEG."""
    put(f"{place}/a.sealed.jpg", sealed["gray"])
    put(f"{place}/below/ž 1.JPG", sealed["rgb"])
    put(f"{place}/c.jpg", sealed["gray"][:-200])
    put(f"{place}/notes.txt", b"x")
    return place


def test_each_file_has_its_verdict(archive: str) -> None:
    """`check`, `verify`, `read` and `check_many` take addresses and give back the same ones."""
    verdicts = list(napari_seal.check_many(archive, jobs=1))
    assert [v.path.removeprefix(archive) for v in verdicts] == [
        "/a.sealed.jpg", "/c.jpg", "/below/ž 1.JPG",
    ]  # fmt: skip
    assert [str(v.verdict) for v in verdicts] == ["intact", "truncated", "intact"]
    assert [napari_seal.check(v.path).verdict for v in verdicts] == [v.verdict for v in verdicts]
    assert napari_seal.verify(verdicts[0].path) == verdicts[0].seal
    assert napari_seal.read(verdicts[2].path)[0].shape == (160, 200, 3)
    flat = napari_seal.check_many(archive + "/", jobs=1, recursive=False)
    assert [v.path.rpartition("/")[2] for v in flat] == ["a.sealed.jpg", "c.jpg"]


@pytest.mark.parametrize("folder", ["zip://::{}", "zip://in::{}", "simplecache::{}", "{}"])
def test_folders_in_archives_and_behind_caches(
    folder: str, sealed: dict[str, bytes], tmp_path: Path
) -> None:
    """What fsspec chains is searched as well, and the addresses found can be checked one by one."""
    inside = tmp_path / "folder" / "in"
    inside.mkdir(parents=True)
    (inside / "a.jpg").write_bytes(sealed["gray"])
    target = inside.parent.as_uri()
    if "zip" in folder:
        target = shutil.make_archive(str(tmp_path / "all"), "zip", inside.parent)
    (verdict,) = napari_seal.check_many(folder.format(target), jobs=1)
    assert verdict.intact
    assert "in/a.jpg" in verdict.path
    assert napari_seal.check(verdict.path).intact


@pytest.mark.parametrize("recursive", [True, False])
def test_files_at_an_address_are_counted_in_advance(archive: str, recursive: bool) -> None:
    """So that the total of a run is that of its files, and not of what was named."""
    named = [archive, f"{archive}/c.jpg", f"{archive}/notes.txt", f"{archive}/nowhere"]
    found = list(find_images(named, recursive=recursive))
    assert count_images(named, recursive=recursive) == len(found) == (6 if recursive else 5)


def test_a_whole_store(sealed: dict[str, bytes], tmp_path: Path) -> None:
    """The root of a store is a folder, too."""
    put(f"memory://{tmp_path.name}/a.jpg", sealed["gray"])
    found = [v for v in napari_seal.check_many("memory://", jobs=1) if tmp_path.name in v.path]
    assert [str(napari_seal.check(v.path).verdict) for v in found] == ["intact"]


def test_what_cannot_be_read_has_a_reason(archive: str) -> None:
    """A file that is missing, empty, a folder or too large is a verdict and no exception."""
    put(f"{archive}/empty.jpg", b"")
    codes = {
        name: [str(r.code) for r in napari_seal.check(f"{archive}/{name}").reasons]
        for name in ("nowhere.jpg", "nowhere/a.jpg", "empty.jpg", "below", "notes.txt")
    }
    assert codes == {
        "nowhere.jpg": ["file-missing"],
        "nowhere/a.jpg": ["file-missing"],
        "empty.jpg": ["empty-file"],
        "below": ["is-a-directory"],
        "notes.txt": ["unknown-format"],
    }


def test_files_beyond_the_limit_are_not_read(archive: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As much is read as may be, and no more."""
    monkeypatch.setattr(limits, "FILE_BYTES", 1000)
    verdict = napari_seal.check(f"{archive}/a.sealed.jpg")
    assert [str(r.code) for r in verdict.reasons] == ["limit-exceeded"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_local_address_is_read_as_safely_as_a_path(tmp_path: Path) -> None:
    """A pipe would block whoever opens it."""
    os.mkfifo(tmp_path / "a.jpg")
    verdict = napari_seal.check((tmp_path / "a.jpg").as_uri())
    assert verdict.reasons[0].code == "not-a-regular-file"


def test_checking_nothing_is_an_error_everywhere(place: str, sealed: dict[str, bytes]) -> None:
    """A folder without one image is no success; beside others it is a file that counts."""
    put(f"{place}/empty/notes.txt", b"x")
    with pytest.raises(napari_seal.NothingToCheckError, match="not one JPEG or PNG file"):
        list(napari_seal.check_many(f"{place}/empty", jobs=1))
    put(f"{place}/a.jpg", sealed["gray"])
    verdicts = list(napari_seal.check_many([f"{place}/a.jpg", f"{place}/empty"], jobs=1))
    assert [str(v.verdict) for v in verdicts] == ["intact", "unreadable"]
    assert verdicts[1].reasons[0].code == "empty-folder"


def test_a_file_that_changes_while_it_is_read(
    sealed: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fewer bytes than the store has just said: it is to be checked again."""
    address = put(f"memory://{tmp_path.name}/a.jpg", sealed["gray"])
    kind = fsspec.get_filesystem_class("memory")
    told = kind.info

    def info(self: Any, path: str, **options: Any) -> Any:
        return told(self, path, **options) | {"size": 10**6}

    monkeypatch.setattr(_files, "_STORES", frozenset())
    monkeypatch.setattr(kind, "info", info)
    verdict = napari_seal.check(address)
    assert [str(r.code) for r in verdict.reasons] == ["changed-while-reading"]


@pytest.mark.parametrize("extension", ["tif", "png", "npy", "jpg"])
def test_originals_at_an_address(extension: str, tracks: np.ndarray, tmp_path: Path) -> None:
    """Every kind of input is read from a store as from a disk."""
    import tifffile
    from PIL import Image

    from napari_seal._images import open_images

    def read_image(name: str) -> np.ndarray:
        with open_images(name) as [image]:
            return np.asarray(image.array)

    path = tmp_path / f"a.{extension}"
    if extension == "tif":
        tifffile.imwrite(path, tracks)
    elif extension == "npy":
        np.save(path, tracks)
    else:
        levels = tracks if extension == "png" else (tracks >> 8).astype(np.uint8)
        Image.fromarray(levels).save(path)
    address = put(f"memory://{path.name}", path.read_bytes())
    assert np.array_equal(read_image(address), read_image(str(path)))
    assert np.array_equal(read_image(path.as_uri()), read_image(str(path)))
    with pytest.raises(napari_seal.ImageError, match="cannot be read"):
        read_image("memory://nowhere.tif")


@pytest.mark.parametrize("end", ["", "/"])
def test_a_folder_of_many_pages(
    s3: None, end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3 lists only so many names at once: none is missing, doubled or out of order."""
    monkeypatch.setattr(_folders, "_PAGE", 7)
    files, root = fsspec.filesystem("s3"), f"seals/{tmp_path.name}"
    names = [f"{root}/{n:02}{'.jpg' if n % 3 else '/x.JPG'}" for n in range(50)]
    files.pipe(dict.fromkeys([*names, f"{root}/", f"{root}/notes.txt", f"{root}-2/a.jpg"], b"x"))
    found = list(_folders.find(f"s3://{root}{end}", (".jpg",), recursive=True))
    expected = [n for n in names if n.endswith(".jpg")] + [n for n in names if "/x" in n]
    assert found == [f"s3://{name}" for name in expected]
    assert not any(root in folder for folder in files.dircache)  # nothing is kept
    assert set(found) < set(_folders.find("s3://seals", (".jpg",), recursive=True))


def test_processes_share_a_store(s3: None, sealed: dict[str, bytes], tmp_path: Path) -> None:
    """Worker processes read from a store by themselves, each file once and in order."""
    files = fsspec.filesystem("s3")
    names = [f"seals/many/{n:03}.jpg" for n in range(150)]
    files.pipe({n: sealed["gray"] if i % 7 else b"x" for i, n in enumerate(names)})
    command = [sys.executable, "-m", "napari_seal", "verify", "s3://seals/many", "--jsonl"]
    done = subprocess.run([*command, "--jobs", "2"], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    *rows, _ = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["path"] for row in rows] == [f"s3://{name}" for name in names]
    expected = ["intact" if n % 7 else "not-an-image" for n in range(150)]
    assert [row["verdict"] for row in rows] == expected
    assert "verysecret" not in done.stdout + done.stderr


def test_what_the_store_refuses(s3: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """No bucket, no credentials and no server are reasons that tell which, without a secret."""
    codes = [napari_seal.check("s3://no-such-bucket/a.jpg").reasons[0].code]
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", "/nonexistent")
    verdict = napari_seal.check("s3://seals/a.jpg")
    codes.append(verdict.reasons[0].code)
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    assert codes == ["file-missing", "permission-denied"], verdict


def test_a_wrong_password(sftp: str) -> None:
    """What the server refuses is not permitted, and the password is not told."""
    verdict = napari_seal.check(sftp.replace("verysecret", "guessed") + "/a.jpg")
    assert verdict.reasons[0].code == "permission-denied"
    assert "guessed" not in str(verdict)
