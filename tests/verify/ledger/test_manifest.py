"""Manifests that the tools of others read, and theirs compared with a ledger."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_seal import Ledger, OptionError, TargetExistsError, WriteError
from napari_seal._verify.ledger.manifest_lines import FORMATS, Line, dump_line, parse_line
from napari_seal.errors import FormatError

#: Names that sha256sum escapes, or that are no Unicode.
ODD = [
    b"new\nline.jpg",
    b"re\rturn.jpg",
    b"back\\slash.jpg",
    b"\\n.jpg",
    b"\xff\xfe.jpg",
    b" x.jpg",
]


def words(findings) -> dict[str, str]:
    return {os.path.basename(f.path): f.word for f in findings}


@pytest.fixture
def odd(archive: Path, images: dict[str, bytes]) -> Path:
    """The archive, with files of odd names."""
    for name in ODD:
        with open(os.path.join(os.fsencode(archive), name), "wb") as file:
            file.write(images["d"])
    return archive


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="there is no sha256sum")
def test_sha256sum_reads_the_manifest(odd, check, ledger, tmp_path):
    """The real tool agrees, whatever the files are called, and sees what was changed since."""
    check()
    findings = list(ledger.write_manifest(tmp_path / "SHA256SUMS"))
    assert len(findings) == 3 + len(ODD)
    assert all(finding.agrees for finding in findings)
    command = ["sha256sum", "--check", "--strict", tmp_path / "SHA256SUMS"]
    done = subprocess.run(command, cwd=odd, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(b": OK") == len(findings)
    (odd / "a.jpg").write_bytes(b"x")
    assert subprocess.run(command, cwd=odd, capture_output=True, check=False).returncode == 1


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="there is no sha256sum")
@pytest.mark.parametrize("mode", ["--text", "--binary"])
def test_a_manifest_of_sha256sum_is_read(odd, check, ledger, tmp_path, mode):
    """What the real tool writes is compared, whatever the files are called."""
    check()
    names = [os.path.relpath(p, odd) for p in odd.rglob("*.jpg")]
    with (tmp_path / "SUMS").open("wb") as file:
        subprocess.run(["sha256sum", mode, "--", *names], cwd=odd, stdout=file, check=True)
    findings = list(ledger.check_manifest(tmp_path / "SUMS"))
    assert set(words(findings).values()) == {"agrees"}
    assert len(findings) == 3 + len(ODD)


@pytest.mark.skipif(importlib.util.find_spec("bagit") is None, reason="bagit is not installed")
def test_bagit_reads_the_manifest(check, archive, images, tmp_path):
    """The real package finds the bag valid, and invalid where a file was changed."""
    import bagit

    bag = tmp_path / "bag"
    bag.mkdir()
    shutil.move(archive, bag / "data")
    for name in ("new\nline.jpg", "re\rturn.jpg", "fält.jpg"):
        (bag / "data" / name).write_bytes(images["d"])
    with Ledger.open(tmp_path / "bag.db", create=True) as ledger:
        list(ledger.check_many(bag / "data", jobs=1))
        findings = list(ledger.write_manifest(bag / "manifest-sha256.txt"))
        assert [f for f in findings if not f.agrees] == []
        text = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
        (bag / "bagit.txt").write_text(text)
        assert bagit.Bag(str(bag)).is_valid()
        assert len(bagit.Bag(str(bag)).payload_entries()) == 6
        assert all(f.agrees for f in ledger.check_manifest(bag / "manifest-sha256.txt"))
        (bag / "data" / "a.jpg").write_bytes(images["b"])
        assert not bagit.Bag(str(bag)).is_valid()
        found = words(ledger.check_manifest(bag / "manifest-sha256.txt"))
        assert {name for name, word in found.items() if word != "agrees"} == {"a.jpg"}


@pytest.mark.skipif(importlib.util.find_spec("bagit") is None, reason="bagit is not installed")
def test_a_bag_of_the_bagit_package_is_read(archive, tmp_path):
    """A bag that the real package made is compared with the ledger of its data."""
    import bagit

    (archive / "notes.txt").write_text("no image, and no file of the ledger")
    bagit.make_bag(str(archive), checksums=["sha256"])
    with Ledger.open(tmp_path / "bag.db", create=True) as ledger:
        list(ledger.check_many(archive / "data", jobs=1))
        found = words(ledger.check_manifest(archive / "manifest-sha256.txt"))
    assert found == {"a.jpg": "agrees", "b.jpg": "agrees", "c.jpg": "agrees", "notes.txt": "agrees"}


def test_percent_encoding_of_bagit() -> None:
    """RFC 8493, 2.1.3: carriage return, line feed and the percent sign, and only these."""
    digest = hashlib.sha256(b"").digest()
    line = dump_line(Line("50% a\r\n b\\ü.jpg".encode(), digest), "bagit")
    assert line == digest.hex().encode() + b"  data/50%25 a%0D%0A b\\\xc3\xbc.jpg\n"
    with pytest.raises(FormatError, match="UTF-8"):
        dump_line(Line(b"\xff.jpg", digest), "bagit")


@given(st.sampled_from(FORMATS), st.binary(min_size=1), st.binary(min_size=32, max_size=32))
def test_lines_can_be_read_back(form: str, name: bytes, digest: bytes) -> None:
    """What is written is read as it was."""
    name = name.replace(b"\0", b"_")
    if form == "bagit":
        name = name.decode("latin-1").encode()
    line = dump_line(Line(name, digest), form)
    assert line.count(b"\n") == 1
    assert parse_line(line.removesuffix(b"\n"), form) == Line(name, digest)


def test_only_what_is_intact_is_written(check, archive, ledger, images, tmp_path):
    """Altered, replaced and missing files are told, and get no line."""
    check()
    (archive / "a.jpg").write_bytes(images["d"])
    (archive / "b.jpg").write_bytes(images["b"][:-300])
    (archive / "below" / "c.jpg").unlink()
    findings = words(ledger.write_manifest(tmp_path / "SUMS"))
    assert findings == {"a.jpg": "substituted", "b.jpg": "truncated", "c.jpg": "missing"}
    assert (tmp_path / "SUMS").read_bytes() == b""


def test_a_manifest_compared_from_both_sides(check, archive, ledger, images, tmp_path):
    """What it has and the ledger or the disk has not, and the other way round; what differs."""
    for name in ("d", "e", "f", "g"):
        (archive / f"{name}.jpg").write_bytes(images["d"])
    check()

    def line(path: Path, name: str) -> str:
        return f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n"

    (archive / "new.jpg").write_bytes(images["d"])
    (archive / "f.jpg").write_bytes(images["again"])
    lines = [
        line(archive / "a.jpg", "a.jpg"), line(archive / "a.jpg", "b.jpg"),
        line(archive / "a.jpg", "gone.jpg"), line(archive / "new.jpg", "new.jpg"),
        line(archive / "d.jpg", "./below/../d.jpg"), line(archive / "e.jpg", f"{archive}/e.jpg"),
        line(archive / "f.jpg", "f.jpg"), line(archive / "a.jpg", "../../etc/passwd"),
        "not a line\n", "\n", "x" * 200_000 + "\n", line(archive / "g.jpg", "g.jpg")[:-1],
    ]  # fmt: skip
    (tmp_path / "SUMS").write_text("".join(lines))
    assert words(ledger.check_manifest(tmp_path / "SUMS")) == {
        "a.jpg": "agrees", "b.jpg": "differs", "gone.jpg": "missing", "new.jpg": "not-in-ledger",
        "d.jpg": "agrees", "e.jpg": "agrees", "f.jpg": "substituted", "g.jpg": "agrees",
        "c.jpg": "not-in-manifest", "line 8": "bad-line", "line 9": "bad-line",
        "line 11": "bad-line",
    }  # fmt: skip


def test_in_several_processes(check, archive, ledger, images, tmp_path):
    """The same comes from worker processes, in order, and without them."""
    for number in range(200):
        (archive / f"n{number:03}.jpg").write_bytes(images["d"] if number % 3 else images["a"])
    check()
    for jobs in (1, 2):
        found = list(ledger.write_manifest(tmp_path / f"{jobs}", jobs=jobs))
        assert len(found) == 203
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()
    assert len((tmp_path / "1").read_bytes().splitlines()) == 203


def test_where_it_is_written(check, archive, ledger, tmp_path):
    """Never over an existing file, never in part, and never where there is no folder."""
    check()
    target = tmp_path / "SUMS"
    run = ledger.write_manifest(target)
    next(run)
    run.close()
    assert sorted(p.name for p in tmp_path.glob("SUMS*")) == []
    target.write_text("old")
    with pytest.raises(TargetExistsError):
        ledger.write_manifest(target)
    assert len(list(ledger.write_manifest(target, overwrite=True))) == 3
    with pytest.raises(WriteError):
        list(ledger.write_manifest(tmp_path / "nowhere" / "SUMS"))
    with pytest.raises(OptionError, match="SHA-256"):
        ledger.write_manifest(tmp_path / "manifest-md5.txt")
    with pytest.raises(OptionError, match="formats"):
        ledger.write_manifest(tmp_path / "x", form="md5")


def test_commands(run, archive, images, tmp_path):
    """``ledger manifest`` and ``check-manifest`` tell what does not agree, by exit code as well."""
    assert run("verify", archive, "--ledger", "l.db").exit_code == 0
    result = run("ledger", "manifest", "--out", "SUMS", "--ledger", "l.db")
    assert (result.exit_code, "All 3 files" in result.output) == (0, True)
    assert run("ledger", "manifest", "--out", "SUMS", "--ledger", "l.db").exit_code == 2
    result = run("ledger", "check-manifest", "SUMS", "--ledger", "l.db")
    assert (result.exit_code, "all 3 files agree" in result.output) == (0, True)
    (archive / "a.jpg").write_bytes(images["d"])
    result = run("ledger", "check-manifest", "SUMS", "--ledger", "l.db", "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert (found["files"], [f["word"] for f in found["disagreeing"]]) == (3, ["differs"])
    result = run("ledger", "manifest", "--out", "SUMS", "--overwrite", "--ledger", "l.db")
    assert (result.exit_code, "substituted" in result.output) == (1, True)
    assert "1 of 3 files do not agree" in result.output
    assert run("ledger", "check-manifest", "none", "--ledger", "l.db").exit_code == 2
    assert tmp_path.joinpath("SUMS").read_text().count("\n") == 2
