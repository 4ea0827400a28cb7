"""The page on signed ledgers: what it says to do by hand, without this software, works."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import napari_seal
from napari_seal._cli import main

pytest.importorskip("rfc3161_client")
if shutil.which("openssl") is None:
    pytest.skip("openssl is not installed", allow_module_level=True)

from tsa import Authority, serving

PAGE = Path(__file__).parent.parent / "docs" / "howto" / "signed-ledger.md"
if not PAGE.is_file():
    pytest.skip("the documentation is not here", allow_module_level=True)

BLOCKS = re.findall(r"^```bash\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def block_with(text: str) -> str:
    (found,) = (block for block in BLOCKS if text in block)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, tracks: np.ndarray) -> Path:
    """What the page has led to: a signed ledger and report, a time-stamped statement, keys."""
    folder = tmp_path_factory.mktemp("page")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        napari_seal.seal(tracks, "image.sealed.jpg")
        Path("archive").mkdir()
        shutil.move("image.sealed.jpg", "archive")
        authority = Authority(folder / "tsa")
        shutil.copy(authority.root, "tsa-root.pem")
        with serving(authority.reply) as url:
            for line in (
                "keygen archive-key --no-passphrase",
                "verify archive --ledger ledger.db --csv report.csv --key archive-key.pem",
                f"ledger timestamp ledger.db --tsa {url} --tsa-ca tsa-root.pem",
                "ledger statement ledger.db --out statement.json",
                "verify archive --ledger ledger.db",
            ):
                result = CliRunner().invoke(main, line.split())
                assert result.exit_code == 0, result.output
        Path("keys").mkdir()
        shutil.copy("archive-key.pub.pem", "keys")
    return folder


def shell(folder: Path, commands: str) -> str:
    done = subprocess.run(
        ["sh", "-ec", commands], cwd=folder, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_check_of_the_page(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one command that checks it all years later finds that all agrees."""
    monkeypatch.chdir(folder)
    line = block_with("ledger check ledger.db --statement").replace("\\\n", " ")
    result = CliRunner().invoke(main, line.split()[1:])
    assert result.exit_code == 0, result.output
    line = block_with("report check")
    result = CliRunner().invoke(main, line.split()[1:])
    assert result.exit_code == 0, result.output


def test_signatures_by_openssl(folder: Path) -> None:
    """The commands for a statement and for a report verify both, and not when they were edited."""
    for name in ("statement.json", "report.csv"):
        (commands,) = (block for block in BLOCKS if "pkeyutl" in block and name in block)
        assert "Verified Successfully" in shell(folder, commands)
        edited = (folder / name).read_bytes().replace(b"1", b"2", 1)
        (folder / f"edited-{name}").write_bytes(edited)
        done = subprocess.run(
            ["sh", "-ec", commands.replace(name, f"edited-{name}")],
            cwd=folder, check=False, capture_output=True,
        )  # fmt: skip
        assert done.returncode != 0


def test_the_time_stamp_by_openssl(folder: Path) -> None:
    """The command verifies the statement's file as it is, and shows the time."""
    told = shell(folder, block_with("openssl ts -verify"))
    assert "Verification: OK" in told
    assert "Time stamp: " in told


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="sqlite3 is not installed")
def test_the_head_by_other_tools(folder: Path) -> None:
    """The head is what sqlite3 and sha256sum make of the last link."""
    with napari_seal.Ledger.open(folder / "ledger.db", read_only=True) as ledger:
        head = ledger.check().head
    assert head == "sha256:" + shell(folder, block_with("sqlite3")).split()[0]
