"""``napari-seal adopt``: archives, again and again, with nothing lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from strangers import ACCEPTED, FORCEABLE, REFUSED

import napari_seal
from napari_seal._adopt import refusal
from napari_seal._cli import adopt as command

GOOD = ("gray", "MoEDAL", "a camera's Exif")


@pytest.fixture
def old_archive(tmp_path: Path) -> Path:
    """Three files that are adopted, two that are refused, and one that is no JPEG."""
    folder = tmp_path / "old"
    (folder / "below").mkdir(parents=True)
    for number, kind in enumerate(GOOD):
        (folder / "below" / f"{number}.jpg").write_bytes(ACCEPTED[kind])
    (folder / "cut.jpeg").write_bytes(REFUSED["cut"][1]())
    (folder / "broken.jpg").write_bytes(FORCEABLE["sha244-broken"]())
    (folder / "notes.txt").write_text("notes")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Files by path."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_dry_run_tells_what_the_run_does(run: Any, old_archive: Path) -> None:
    """The same counts and refusals, and nothing is written; a second run finds all sealed."""
    before = contents(old_archive)
    told = run("adopt", old_archive, "--dry-run", "--jobs", 1)  # in the order of the files
    assert contents(old_archive) == before
    assert told.exit_code == 1
    counts = "3 {} (1 with sha244 intact), 0 sealed already, 2 refused"
    assert f"5 files: {counts.format('would be adopted')}" in told.output
    done = run("adopt", old_archive, "--in-place", "--jobs", 1)
    assert done.output == told.output.replace("would be adopted", "adopted")
    assert done.exit_code == 1
    again = run("adopt", old_archive, "--in-place")
    assert "0 adopted, 3 sealed already, 2 refused" in again.output
    forced = run("adopt", old_archive, "--in-place", "--force", "sha244-broken")
    assert "1 adopted (1 with sha244 broken), 3 sealed already, 1 refused" in forced.output
    after = contents(old_archive)
    assert after.keys() == before.keys()
    assert [n for n in before if after[n] == before[n]] == [
        n for n in before if n in ("cut.jpeg", "notes.txt")
    ]
    os.unlink(old_archive / "cut.jpeg")
    assert run("adopt", old_archive, "--in-place").exit_code == 0
    assert run("verify", old_archive).exit_code == 0


@pytest.mark.parametrize("jobs", [1, 2])
def test_lines_for_programs(run: Any, old_archive: Path, jobs: int) -> None:
    """One object for each file: its state, and of refused ones the code and the sentence."""
    out = old_archive.parent / "new"
    done = run("adopt", old_archive, "--out", out, "--jsonl", "--jobs", jobs)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    states = {Path(line["path"]).name: (line["state"], line.get("code")) for line in lines}
    assert states == {
        **{f"{n}.jpg": ("adopted", None) for n in range(3)},
        "cut.jpeg": ("refused", "truncated"),
        "broken.jpg": ("refused", "sha244-broken"),
    }
    assert [line["sha244"] for line in lines if line["path"].endswith("1.jpg")] == ["intact"]
    assert all(line.get("message") for line in lines if line["state"] == "refused")
    assert sorted(contents(out)) == [f"below/{n}.jpg" for n in range(3)]
    assert "3 adopted" in done.stderr
    again = run("adopt", old_archive, "--out", out, "--jobs", jobs)
    assert "0 adopted, 3 sealed already, 2 refused" in again.output


def test_what_is_sealed_already_is_copied(run: Any, old_archive: Path) -> None:
    """Nothing but what is refused is wanting among the copies, and another file stays as it is."""
    sealed = old_archive / "below" / "sealed.jpg"
    napari_seal.seal(np.arange(4096, dtype="u2").reshape(64, 64), sealed)
    out = old_archive.parent / "new"
    told = run("adopt", old_archive, "--out", out, "--dry-run")
    assert "1 sealed already" in told.output
    assert not out.exists()
    run("adopt", old_archive, "--out", out)
    assert (out / "below" / "sealed.jpg").read_bytes() == sealed.read_bytes()
    assert sorted(contents(out)) == [*(f"below/{n}.jpg" for n in range(3)), "below/sealed.jpg"]
    again = run("adopt", old_archive, "--out", out)
    assert "0 adopted, 4 sealed already, 2 refused" in again.output
    (out / "below" / "sealed.jpg").write_bytes(b"another")
    refused = run("adopt", old_archive, "--out", out)
    assert "0 adopted, 3 sealed already, 3 refused" in refused.output
    assert "no copy of it" in refused.output
    assert (out / "below" / "sealed.jpg").read_bytes() == b"another"


def test_metadata_and_key_go_into_every_seal(run: Any, old_archive: Path) -> None:
    """As with ``seal``."""
    pytest.importorskip("cryptography")
    assert run("keygen", "key", "--no-passphrase").exit_code == 0
    where = old_archive / "below"
    done = run(
        *(
            "adopt",
            where,
            "--in-place",
            "--metadata",
            '{"site":"CERN"}',
            "--key",
            next(Path().glob("key*.pem")),
        )
    )
    assert done.exit_code == 0, done.output
    for path in where.iterdir():
        seal = napari_seal.verify(path)
        assert isinstance(seal, napari_seal.Seal)
        assert seal.metadata["site"] == "CERN"
        assert seal.signature is not None


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["old"], "--out DIR"),
        (["old", "--in-place", "--out", "x"], "either"),
        (["old", "--out", "old/new"], "is in"),
        (["empty", "--in-place"], "not one JPEG"),
        (["s3://bucket", "--dry-run"], "local files"),
        (["old", "--dry-run", "--force", "truncated"], "truncated"),
        (["old", "--dry-run", "--metadata", '{"seal":1}'], "reserved"),
    ],
)
def test_what_cannot_run(run: Any, old_archive: Path, arguments: list[str], problem: str) -> None:
    """Exit code 2, one sentence, and nothing is written."""
    Path("empty").mkdir()
    before = contents(old_archive.parent)
    done = run("adopt", *arguments)
    assert done.exit_code == 2
    assert problem in done.output
    assert contents(old_archive.parent) == before


def test_files_that_are_named_are_looked_at(run: Any, tmp_path: Path) -> None:
    """Whatever they are called; in folders, the others are left alone."""
    (tmp_path / "a.png").write_bytes(REFUSED["a PNG file"][1]())
    assert "not-a-jpeg" in run("adopt", "a.png", "--in-place").output
    assert "not one JPEG" in run("adopt", tmp_path, "--in-place").output
    assert (
        "it cannot be read: No such file or directory" in run("adopt", "b.jpg", "--in-place").output
    )


def test_the_codes_of_the_help_are_those_of_the_code() -> None:
    """The help does not import what it is about."""
    assert tuple(map(str, refusal.FORCEABLE)) == command.FORCEABLE


def test_a_run_that_is_out_of_time_is_no_success(run: Any, old_archive: Path) -> None:
    """It says so, and the next one goes on."""
    for number in range(60):
        (old_archive / "below" / f"more{number}.jpg").write_bytes(ACCEPTED["gray"])
    where = old_archive / "below"
    done = run("adopt", where, "--in-place", "--time-limit", "0.05", "--jobs", 1)
    assert done.exit_code == 1
    assert "not all files were reached" in done.output
    assert run("adopt", where, "--in-place").exit_code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_stopped_and_started_again(how: signal.Signals, tmp_path: Path) -> None:
    """Killed or interrupted: each file is the old one or sealed, and all are in the end."""
    folder = tmp_path / "old"
    folder.mkdir()
    for number in range(150):
        (folder / f"{number:03}.jpg").write_bytes(ACCEPTED["MoEDAL"])
    line = [sys.executable, "-m", "napari_seal", "adopt", str(folder), "--in-place", "--jobs", "2"]
    for _ in range(3):
        # What it prints does not fit into so small a pipe: it cannot be over before the signal.
        with subprocess.Popen(
            [*line, "--jsonl"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, pipesize=4096,
        ) as process:  # fmt: skip
            assert process.stdout is not None
            for _ in range(8):
                process.stdout.readline()
            process.send_signal(how)
            process.communicate()  # until the pipe is closed by the workers, too
        assert process.returncode == (-9 if how == signal.SIGKILL else 130)
        seals = 0
        for path in folder.glob("*.jpg"):
            data = path.read_bytes()
            if data != ACCEPTED["MoEDAL"]:
                assert napari_seal.check(path).intact
                seals += 1
        assert seals >= 8
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "150 files:" in done.stdout
    assert all(napari_seal.check(path).seal.version for path in folder.glob("*.jpg"))  # type: ignore[union-attr]
    left = [p.name for p in folder.iterdir() if p.suffix != ".jpg"]
    assert all(name.startswith(".napari-seal-") and name.endswith(".part") for name in left)
    assert how == signal.SIGKILL or not left
