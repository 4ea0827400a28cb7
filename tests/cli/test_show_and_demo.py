"""``napari-seal show`` and ``napari-seal demo``."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from napari_seal._cli.demo import _DAMAGES, _nuclear_tracks


def test_show_an_intact_file(run, archive):
    """The seal, the user's metadata and the verdict are shown; the exit code is 0."""
    result = run("show", archive / "a.sealed.jpg")
    assert result.exit_code == 0
    for text in ("intact", "sha256:", "sample", "identity", "160 x 200 uint16"):
        assert text in result.output


def test_show_a_changed_file(run, archive):
    """A changed file gives the exit code 1, and its seal is called a claim."""
    result = run("show", archive / "c.sealed.jpg")
    assert result.exit_code == 1
    assert "metadata-changed" in result.output
    assert "only a claim" in result.output


def test_show_as_json(run, archive):
    """``--json`` prints verdict and seal as one object."""
    content = json.loads(run("show", archive / "a.sealed.jpg", "--json").stdout)
    assert content["verdict"] == "intact"
    assert content["seal"]["codestream"].startswith("sha256:")
    assert content["seal"]["metadata"] == {"sample": "A"}


def test_show_what_is_no_image(run, tmp_path):
    """A file that is no image is shown as such, without a traceback."""
    (tmp_path / "x.jpg").write_text("text")
    result = run("show", "x.jpg")
    assert result.exit_code == 1
    assert "not-an-image" in result.output


@pytest.mark.parametrize("hide_scikit_image", [False, True])
def test_demo_recognises_every_damage(tmp_path, hide_scikit_image):
    """The demo runs in an empty folder without a display, twice, and gives each its verdict."""
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    hide = "import sys; sys.modules['skimage'] = None\n" if hide_scikit_image else ""
    code = f"{hide}from napari_seal._cli import main; main(['demo'])"
    for _ in range(2):
        result = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env=environment | {"COLUMNS": "160"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        for damage in _DAMAGES:
            assert f"{damage.expected}" in result.stdout
    assert ("nuclear tracks" in result.stdout) == hide_scikit_image


def test_demo_picture_is_a_16_bit_field():
    """The synthetic picture uses the range of a 16-bit camera."""
    image = _nuclear_tracks()
    assert image.dtype == "uint16"
    assert int(image.max()) - int(image.min()) > 30_000
