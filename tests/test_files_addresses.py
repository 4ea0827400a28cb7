"""Addresses: which text is one, which cannot be reached, and what of one is never shown."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support import run_command

import napari_seal
from napari_seal import _files
from napari_seal._text import printable, without_credentials

pytest.importorskip("fsspec", reason="fsspec is not installed")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("s3://bucket/a.jpg", True),
        ("simplecache::s3://bucket/a.jpg", True),
        ("git+ssh://host/a", True),
        ("a.jpg", False),
        ("/tmp/s3://x", False),
        ("C://windows/a.jpg", False),
        ("://x", False),
        ("3s://x", False),
        ("a b://x", False),
        ("\udc80://x", False),
    ],
)
def test_what_is_an_address(path: str, expected: bool) -> None:
    """A scheme of two characters or more; everything else is a local path."""
    assert _files.is_address(path) is expected


def test_local_paths_never_load_fsspec(sealed: dict[str, bytes], tmp_path: Path) -> None:
    """Sealing, checking and searching local folders does without it."""
    code = (
        "import sys, numpy, napari_seal; napari_seal.seal(numpy.eye(9), sys.argv[1] + '/a.jpg');"
        "list(napari_seal.check_many(sys.argv[1], jobs=1)); print('fsspec' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    assert subprocess.check_output(command, text=True).strip() == "False"


def test_an_address_that_cannot_be_reached_is_told_before_the_first_file(tmp_path: Path) -> None:
    """Not in the middle of a run."""
    with pytest.raises(napari_seal.OptionError, match="cannot be reached"):
        napari_seal.check_many([tmp_path / "a.jpg", "nonsense://b.jpg"])


@pytest.mark.parametrize("address", ["nonsense://a.jpg", "simplecache::nonsense://a.jpg"])
def test_an_address_of_an_unknown_kind(address: str) -> None:
    """It could not run: that is no verdict on a file."""
    with pytest.raises(napari_seal.OptionError, match="cannot be reached"):
        napari_seal.check(address)
    assert run_command("verify", address).exit_code == 2


def test_without_fsspec(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install."""
    monkeypatch.setitem(sys.modules, "fsspec.registry", None)
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(napari_seal.OptionError, match=r"pip install 'napari-seal\[remote\]'"):
        napari_seal.check("s3://bucket/a.jpg")


def test_credentials_are_never_shown(tmp_path: Path) -> None:
    """Neither in verdicts as text, nor in reports, nor in errors."""
    address = "ftp://anna:secret@127.0.0.1:1/a.jpg"
    verdict = napari_seal.check(address)
    assert verdict.verdict == "unreadable"
    assert verdict.reasons[0].code == "io-error"
    assert verdict.path == address
    assert "secret" not in str(verdict) + json.dumps(verdict.as_dict())
    page, table = tmp_path / "r.html", tmp_path / "r.csv"
    result = run_command("verify", address, "--html", page, "--csv", table)
    assert result.exit_code == 1
    everything = result.output + page.read_text() + table.read_text()
    assert "ftp://127.0.0.1:1/a.jpg" in everything
    assert "secret" not in everything
    assert "anna" not in everything
    result = run_command("seal", tmp_path / "x.npy", "--out", "nonsense://anna:secret@host/x")
    assert "secret" not in result.output


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("sftp://anna:p@ss:w@host:22/a@b.jpg", "sftp://host:22/a@b.jpg"),
        ("simplecache::sftp://anna@host/a", "simplecache::sftp://host/a"),
        ("https://host/a.jpg?X-Signature=abc&b", "https://host/a.jpg?…"),
        ("s3://bucket/what?.jpg", "s3://bucket/what?.jpg"),
        ("from sftp://a:b@c to sftp://d:e@f", "from sftp://c to sftp://f"),
        ("a@b:c.jpg", "a@b:c.jpg"),
    ],
)
def test_what_is_left_out_of_an_address(given: str, shown: str) -> None:
    """User, password and signed queries; nothing of a local name or of a key in a store."""
    assert without_credentials(given) == shown
    assert printable(given) == shown
