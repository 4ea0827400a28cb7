"""``napari-seal seal``."""

from __future__ import annotations

import json
import os
import re
import signal
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

import napari_seal


@pytest.fixture
def raw(tmp_path: Path, tracks: np.ndarray, histology: np.ndarray) -> Path:
    """A folder with one input of each kind, one of them in a folder below."""
    folder = tmp_path / "raw"
    (folder / "below").mkdir(parents=True)
    tifffile.imwrite(folder / "gray.tif", tracks)
    tifffile.imwrite(folder / "big.tif", tracks.astype(">u2"), byteorder=">")
    tifffile.imwrite(folder / "rgb.tif", histology, photometric="rgb")
    planar = np.moveaxis(histology, -1, 0)
    tifffile.imwrite(folder / "planar.tif", planar, photometric="rgb", planarconfig="separate")
    Image.fromarray(tracks).save(folder / "gray16.png")
    Image.fromarray(histology).save(folder / "rgb8.png")
    np.save(folder / "below" / "array.npy", tracks)
    (folder / "notes.txt").write_text("not an image")
    return folder


def test_a_folder_is_sealed_with_its_paths(run, raw):
    """Every image of a folder is sealed, under its path, and tied to the array it came from."""
    result = run("seal", raw, "--out", "sealed", "--metadata", '{"run": 7}')
    assert result.exit_code == 0, result.output
    assert "7 inputs: 7 images sealed" in result.output
    below = napari_seal.verify("sealed/below/array.sealed.jpg")
    assert below.metadata == {"run": 7}
    gray = [napari_seal.verify(f"sealed/{n}.sealed.jpg") for n in ("gray", "big", "gray16")]
    assert {seal.source.digest for seal in gray} == {below.source.digest}
    colour = [napari_seal.verify(f"sealed/{n}.sealed.jpg") for n in ("rgb", "planar", "rgb8")]
    assert len({seal.source.digest for seal in colour}) == 1


def test_one_bad_input_does_not_end_the_run(run, raw):
    """What cannot be sealed is named with the reason; the rest is sealed; the exit code is 1."""
    (raw / "broken.tif").write_bytes(b"II*\0 nothing")
    (raw / "text.png").write_text("no picture")
    np.save(raw / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    np.save(raw / "nan.npy", np.full((4, 4), np.nan))
    result = run("seal", raw, "missing.tif", "--out", "sealed", "--jobs", 2)
    assert result.exit_code == 1
    assert "12 inputs: 7 images sealed in sealed, 5 failed" in result.output
    assert "NaN" in result.output
    assert "No such file" in result.output


def test_existing_targets_are_kept(run, raw):
    """A second run overwrites nothing unless it is asked to."""
    run("seal", raw / "gray.tif", "--out", "sealed")
    before = Path("sealed/gray.sealed.jpg").read_bytes()
    result = run("seal", raw / "gray.tif", "--out", "sealed", "--quality", 20)
    assert result.exit_code == 1
    assert "exists" in result.output
    assert "--overwrite replaces what is there" in result.output
    assert Path("sealed/gray.sealed.jpg").read_bytes() == before
    assert run("seal", raw / "gray.tif", "--out", "sealed", "--overwrite").exit_code == 0


def test_two_inputs_with_one_target(run, raw, tracks):
    """Of two inputs with the same name the second is refused, even when overwriting."""
    np.save(raw / "gray.npy", tracks)
    result = run("seal", raw / "gray.tif", raw / "gray.npy", "--out", "sealed", "--overwrite")
    assert result.exit_code == 1
    assert "same name" in result.output


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and signals")
def test_control_c_tells_how_far_it_was(raw, tmp_path):
    """The images that are sealed stay, and are counted; the exit code is that of an interrupt."""
    os.mkfifo(raw / "zz.npy")  # an input that it waits for
    process = subprocess.Popen(
        [sys.executable, "-m", "napari_seal", "seal", raw, "--out", tmp_path / "o", "--jobs", "1"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    begun = time.monotonic()
    while not (tmp_path / "o" / "rgb8.sealed.jpg").exists():
        assert process.poll() is None
        assert time.monotonic() - begun < 60
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert re.search(r"^[56] images sealed in .*o so far\nInterrupted\.$", error.strip()), error


def test_metadata_from_a_file(run, raw):
    """``--metadata @FILE`` reads the JSON from a file."""
    metadata = {"operator": "Zoë", "n": 10**18 + 1}
    for encoding in ("utf-8", "utf-8-sig"):  # with the mark that Windows puts before it
        Path("m.json").write_text(json.dumps(metadata, ensure_ascii=False), encoding=encoding)
        run("seal", raw / "gray.tif", "--out", encoding, "--metadata", "@m.json")
        assert napari_seal.verify(f"{encoding}/gray.sealed.jpg").metadata == metadata


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--metadata", "{sample: 1}"], "in '{sample: 1}'; shells change quotes"),
        (["--metadata", "[1]"], """such as {"sample": "A 1"}, not '[1]'"""),
        (["--metadata", "@nowhere.json"], "the file 'nowhere.json' cannot be read"),
        (["--metadata", '{"seal": 1}'], "reserved"),
        (["--metadata", '{"a": 1, "b": 2, "a": 3}'], "'a' twice"),
        (["--metadata", '{"x": [{"b": 2, "b": 2}]}'], "'b' twice"),
        (["--metadata", '{"a": 1e999}'], "1e999"),
        (["--metadata", '{"a": [-1e999]}'], "-1e999"),
        (["--metadata", '{"a": NaN}'], "metadata['a'] is nan"),
        (["--metadata", '{"a": -Infinity}'], "metadata['a'] is -inf"),
        (["--quality", "101"], "101"),
        (["--quality", "0"], "0"),
        (["--window", "5", "1"], "from 5 to 1"),
        (["--window", "nan", "1"], "finite numbers, not nan"),
    ],
)
def test_bad_options_stop_the_run(run, raw, options, says):
    """An option that cannot be right gives the exit code 2, and nothing is written."""
    result = run("seal", raw, "--out", "sealed", *options)
    assert result.exit_code == 2
    assert says in result.output
    assert not Path("sealed").exists()


def test_no_input_at_all(run, tmp_path):
    """A folder without images is no success."""
    (tmp_path / "empty").mkdir()
    result = run("seal", "empty", "--out", "sealed")
    assert result.exit_code == 2
    assert "nothing was sealed" in result.output


def test_planes_of_a_stack(run, tmp_path, tracks):
    """With --planes, each becomes an image of its own, under its position."""
    planes = np.stack([tracks, tracks // 2, tracks // 3])
    tifffile.imwrite(tmp_path / "stack.tif", planes, photometric="minisblack")
    assert run("seal", "stack.tif", "--out", "sealed", "--planes").exit_code == 0
    for number, plane in enumerate(planes):
        verdict = napari_seal.check(f"sealed/stack_i{number}.sealed.jpg", source=plane)
        assert [str(reason.code) for reason in verdict.reasons] == ["original-confirmed"]
        assert verdict.seal.layer == {"name": f"stack I={number}"}
        assert verdict.seal.metadata == {}


def test_planes_of_colour_and_of_nothing(run, tmp_path, histology):
    """Colour planes stay colour; what looks like channels, or has no planes, is refused."""
    np.save(tmp_path / "rgb.npy", np.stack([histology, histology]))
    assert run("seal", "rgb.npy", "--out", "rgb", "--planes").exit_code == 0
    assert napari_seal.verify("rgb/rgb_i1.sealed.jpg").pixels.shape == histology.shape
    for name, shape, says in (
        ("empty", (0, 9, 9), "which has no pixels"),
        ("channels", (5, 20, 30, 2), "its last axis looks like channels"),
        ("last", (20, 30, 2), "its last axis looks like channels"),
    ):
        np.save(tmp_path / f"{name}.npy", np.zeros(shape, np.uint8))
        result = run("seal", f"{name}.npy", "--out", name, "--planes")
        assert result.exit_code == 1
        assert f"of shape {shape}" in result.output
        assert says in result.output
    Image.fromarray(histology[..., :2], "LA").save(tmp_path / "la.png")
    assert "alpha" in run("seal", "la.png", "--out", "la", "--planes").output


def test_16_bit_colour_png_is_not_cut_in_silence(run, tmp_path):
    """A PNG of which Pillow would read only 8 of 16 bits is refused."""
    (tmp_path / "deep.png").write_bytes(png(4, 4, depth=16, colour=2))
    result = run("seal", "deep.png", "--out", "sealed")
    assert result.exit_code == 1
    assert "16-bit colour PNG" in result.output


def test_jpeg_inputs_are_taken_with_a_warning(run, tmp_path, histology):
    """A JPEG that is named is sealed, and the second compression is said."""
    Image.fromarray(histology).save(tmp_path / "photo.jpeg")
    result = run("seal", "photo.jpeg", "--out", "sealed")
    assert result.exit_code == 0
    assert "compressed again" in result.output
    assert napari_seal.verify("sealed/photo.sealed.jpg").pixels.shape == histology.shape


def test_a_file_of_several_pictures_is_refused(run, tmp_path, tracks):
    """Of an animated PNG, and of a multi-picture JPEG, the first picture alone is not sealed."""
    frames = [Image.fromarray((tracks >> 8).astype(np.uint8) // n) for n in (1, 2, 3)]
    frames[0].save(tmp_path / "one.png", save_all=True)
    frames[0].save(tmp_path / "anim.png", save_all=True, append_images=frames[1:])
    for name, default in (("anim.png", False), ("default.png", True)):
        frames[0].save(
            tmp_path / name, save_all=True, append_images=frames[1:], default_image=default
        )
    frames[0].save(tmp_path / "multi.jpg", format="MPO", save_all=True, append_images=frames[1:2])
    assert run("seal", "one.png", "--out", "sealed").exit_code == 0
    for name, number in (("anim.png", 3), ("default.png", 3), ("multi.jpg", 2)):
        for options in ([], ["--planes"]):
            result = run("seal", name, "--out", "several", *options)
            assert result.exit_code == 1
            assert f"holds {number} pictures" in result.output
            assert "a file of its own" in result.output
    assert not Path("several").exists() or not list(Path("several").iterdir())


def png(width: int, height: int, depth: int = 8, colour: int = 0) -> bytes:
    """A PNG that says its size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + bytes(24) for _ in range(4)))
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def test_a_large_png(run, tmp_path, monkeypatch):
    """Our limit holds, not Pillow's lower one, and the refusal says what to do."""
    (tmp_path / "huge.png").write_bytes(png(20_000, 20_000))
    result = run("seal", "huge.png", "--out", "sealed")
    assert result.exit_code == 1
    assert "400,000,000 pixels" in result.output
    assert "cut it up" in result.output
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    Image.fromarray(np.arange(4800, dtype=np.uint16).reshape(60, 80)).save("large.png")
    assert run("seal", "large.png", "--out", "sealed").exit_code == 0


def test_what_is_not_there_or_no_picture_is_said_so(run, tmp_path):
    """A missing file, a folder that was named like one, and files with another content."""
    (tmp_path / "text.png").write_text("no picture at all, and more than a header's length")
    (tmp_path / "start.png").write_bytes(png(4, 4)[:20])
    Image.fromarray(np.zeros((4, 4), np.uint8)).save("clear.png", transparency=0)
    for name, says in (
        ("missing", "No such file"),
        ("missing.png", "No such file"),
        ("text.png", "neither a PNG nor a JPEG"),
        ("start.png", "cannot be read"),
        ("clear.png", "alpha channel"),
    ):
        result = run("seal", name, "--out", "sealed")
        assert result.exit_code == 1
        assert says in result.output


def test_a_folder_that_cannot_be_listed_is_named(run, raw, monkeypatch):
    """What nobody may look into is a failed input, not passed over."""
    really = os.scandir

    def scandir(path):
        if os.path.basename(os.fspath(path)) == "below":
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return really(path)

    monkeypatch.setattr(os, "scandir", scandir)
    result = run("seal", raw, "--out", "sealed", "--jobs", 1)
    assert result.exit_code == 1
    assert "below" in result.output
    assert "Permission denied" in result.output
    assert "7 inputs: 6 images sealed" in result.output


def test_links_and_patterns_seal_nothing_twice(run, raw):
    """Links to folders are not followed, and what is named twice is sealed once."""
    (raw / "again").symlink_to("below")
    (raw / "below" / "up").symlink_to("..")
    result = run("seal", raw, raw / "gray.tif", raw / "below", "--out", "sealed")
    assert "7 inputs: 7 images sealed in sealed, 0 failed" in result.output
    result = run("seal", raw / "**" / "*.[tn][ip]*", "--out", "some")
    assert "5 inputs: 5 images sealed in some, 0 failed" in result.output


def test_moedal_and_window(run, raw):
    """``--moedal`` writes sha244, ``--window`` sets the range."""
    run("seal", raw / "gray.tif", "--out", "o", "--moedal", "--window", 0, 65535)
    seal = napari_seal.verify("o/gray.sealed.jpg")
    assert (seal.window.low, seal.window.high) == (0, 65535)
    assert b'"sha244":"' in Path("o/gray.sealed.jpg").read_bytes()
