"""Manifests that become a reference: what runs find by them, and what is not taken."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import sqlite3
import subprocess
import tracemalloc
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import napari_seal
from napari_seal import Ledger, LedgerError, OptionError, ReadError, ReasonCode

Written = Callable[..., Path]


def unsealed(path: Path, level: int) -> None:
    Image.fromarray(np.full((16, 16), level, np.uint8)).save(path, "JPEG")


@pytest.fixture
def mixed(archive: Path) -> Path:
    """The archive, with two images that carry no seal and a text."""
    unsealed(archive / "plain.jpg", 50)
    unsealed(archive / "below" / "other.jpg", 90)
    (archive / "notes.txt").write_text("of the night of the 3rd")
    return archive


@pytest.fixture
def written(mixed: Path, tmp_path: Path) -> Written:
    """Write a manifest of all files of the archive, and return its path."""

    def write(names: Iterable[str] | None = None, algorithm: str = "sha256") -> Path:
        paths = [p for p in sorted(mixed.rglob("*")) if p.is_file()]
        chosen = [p.relative_to(mixed).as_posix() for p in paths] if names is None else names
        lines = [
            f"{hashlib.new(algorithm, (mixed / n).read_bytes()).hexdigest()}  {n}\n" for n in chosen
        ]
        path = tmp_path / "SUMS"
        path.write_text("".join(lines))
        return path

    return write


@pytest.fixture
def listed(mixed: Path, ledger: Ledger, written: Written) -> Path:
    """The archive, all of it imported."""
    ledger.import_manifest(written(), base=mixed)
    return mixed


def words(verdicts) -> dict[str, str]:
    return {name: str(verdict.verdict) for name, verdict in verdicts.items()}


def codes(verdict) -> set[ReasonCode]:
    return {reason.code for reason in verdict.reasons}


def test_an_archive_that_is_as_it_was(listed, ledger, check):
    """Listed files agree, sealed or not; that there is no seal is told as before."""
    run = ledger.runs()[0]
    assert (run.kind, run.state, dict(run.counts)) == (
        "import", "complete", {"listed": 5, "not-an-image": 1},
    )  # fmt: skip
    found = check()
    assert words(found) == {
        "a.jpg": "intact", "b.jpg": "intact", "below/c.jpg": "intact",
        "plain.jpg": "no-seal", "below/other.jpg": "no-seal",
    }  # fmt: skip
    assert found["a.jpg"].reasons == ()
    assert codes(found["plain.jpg"]) == {ReasonCode.NO_SEAL_FOUND, ReasonCode.AS_LISTED}
    assert ledger.check().agrees


@pytest.mark.parametrize("first", [True, False], ids=["at first", "later"])
def test_every_file_that_is_another_is_told(first, listed, ledger, check, images):
    """Without a seal, with one that is intact, moved away and added: by the first run and later."""
    if not first:
        check()
    unsealed(listed / "plain.jpg", 51)
    (listed / "a.jpg").write_bytes(images["again"])
    (listed / "b.jpg").write_bytes(images["b"] + b"x")
    (listed / "below" / "c.jpg").unlink()
    unsealed(listed / "new.jpg", 10)
    for _ in range(2):
        found = check()
        assert words(found) == {
            "plain.jpg": "substituted", "a.jpg": "substituted", "b.jpg": "substituted",
            "below/c.jpg": "missing", "below/other.jpg": "no-seal", "new.jpg": "no-seal",
        }  # fmt: skip
        for name in ("plain.jpg", "a.jpg", "b.jpg"):
            assert found[name].reasons[0].code is ReasonCode.NOT_THE_LISTED_FILE
            assert found[name].reasons[0].expected != found[name].reasons[0].found
        assert ReasonCode.BYTES_AFTER_END in codes(found["b.jpg"])
    assert ReasonCode.EXTRA not in codes(found["below/other.jpg"])
    assert [Path(e.path).name for e in ledger.missing()] == ["c.jpg"]
    assert ledger.check().agrees


def test_what_was_added_and_what_is_missing_from_the_first(listed, ledger, check):
    """The manifest knows the folder: the first run already tells both, and when it was read."""
    (listed / "below" / "c.jpg").unlink()
    unsealed(listed / "new.jpg", 10)
    found = check()
    assert ReasonCode.EXTRA in codes(found["new.jpg"])
    assert ReasonCode.EXTRA not in codes(found["a.jpg"])
    assert str(found["below/c.jpg"].verdict) == "missing"
    assert "manifest lists" in found["below/c.jpg"].reasons[0].message
    assert next(ledger.missing()).last_verified == ""
    assert "manifest lists" in check()["below/c.jpg"].reasons[0].message


def test_a_file_that_comes_back(listed, check, images):
    """What was missing, or another, is in order when the listed file is there again."""
    (listed / "a.jpg").unlink()
    (listed / "b.jpg").write_bytes(images["d"])
    assert words(check()) | {"a.jpg": "missing", "b.jpg": "substituted"} == words(check())
    (listed / "a.jpg").write_bytes(images["a"])
    (listed / "b.jpg").write_bytes(images["b"])
    assert {words(check())[name] for name in ("a.jpg", "b.jpg")} == {"intact"}


def test_what_is_wrong_by_itself_keeps_its_word(listed, check, images):
    """A damaged file is called what it is, and the manifest's reason stands beside it."""
    (listed / "a.jpg").write_bytes(images["a"][:-300])
    found = check()["a.jpg"]
    assert str(found.verdict) == "truncated"
    assert ReasonCode.NOT_THE_LISTED_FILE in codes(found)


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"])
def test_algorithms(algorithm, ledger, check, written, mixed):
    """Each digest that the tools write is compared, and the reason names the algorithm."""
    ledger.import_manifest(written(algorithm=algorithm), base=mixed)
    assert set(words(check()).values()) == {"intact", "no-seal"}
    unsealed(mixed / "plain.jpg", 51)
    reason = check()["plain.jpg"].reasons[0]
    assert reason.expected.startswith(f"{algorithm}:")
    assert reason.found.startswith(f"{algorithm}:")


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="there is no sha256sum")
@pytest.mark.parametrize(
    "command", [["md5sum"], ["sha1sum", "--binary"], ["sha256sum"], ["sha512sum", "--tag"]]
)
def test_what_the_real_tools_write(command, ledger, check, mixed, tmp_path):
    """Odd names, both marks, and the form of BSD systems."""
    for name in (b"new\nline.jpg", b"back\\slash.jpg", b"\xff\xfe.jpg", b"a) = b.jpg"):
        shutil.copy(mixed / "plain.jpg", os.path.join(os.fsencode(mixed), name))
    names = sorted(os.listdir(os.fsencode(mixed)))
    files = [name for name in names if name.endswith(b".jpg")]
    with (tmp_path / "SUMS").open("wb") as out:
        subprocess.run([*command, "--", *files], cwd=mixed, stdout=out, check=True)
    ledger.import_manifest(tmp_path / "SUMS", base=mixed)
    assert ledger.runs()[0].counts["listed"] == len(files) == 7
    found = check()
    assert sum(ReasonCode.AS_LISTED in codes(v) for v in found.values()) == 5
    assert set(words(found).values()) == {"intact", "no-seal"}


@pytest.mark.skipif(importlib.util.find_spec("bagit") is None, reason="bagit is not installed")
@pytest.mark.parametrize("algorithm", ["sha256", "sha512", "md5"])
def test_a_bag_of_the_bagit_package(algorithm, mixed, tmp_path):
    """A new ledger is about the bag's ``data`` folder, wherever the manifest was named from."""
    import bagit

    bagit.make_bag(str(mixed), checksums=[algorithm])
    with Ledger.open(tmp_path / "bag.db", create=True) as ledger:
        run = ledger.import_manifest(mixed / f"manifest-{algorithm}.txt")
        assert dict(run.counts) == {"listed": 5, "not-an-image": 1}
        assert ledger.root == str(mixed / "data")
        unsealed(mixed / "data" / "plain.jpg", 51)
        found = {
            Path(v.path).name: str(v.verdict) for v in ledger.check_many(mixed / "data", jobs=1)
        }
    assert found["plain.jpg"] == "substituted"
    assert sorted(found.values()) == ["intact", "intact", "intact", "no-seal", "substituted"]


def test_a_manifest_of_windows(ledger, check, written, mixed):
    """A byte-order mark and carriage returns are no part of the lines."""
    path = written()
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    ledger.import_manifest(path, base=mixed)
    assert ledger.runs()[0].counts["listed"] == 5
    assert set(words(check()).values()) == {"intact", "no-seal"}


DIGEST = "ab" * 32


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([f"{DIGEST}  ../../etc/passwd.jpg"], "line 1: .* is not in "),
        ([f"{DIGEST}  /etc/passwd.jpg"], "line 1: .* is not in "),
        ([f"{DIGEST}  a.jpg", f"{'cd' * 32}  ./a.jpg"], "line 2: another digest for .*a.jpg"),
        ([f"{DIGEST}  a.jpg", f"{'cd' * 16}  below/../a.jpg"], "line 2: another digest"),
        ([f"{DIGEST}  a.jpg", "nonsense"], "line 2: not a line of sha256sum"),
        ([f"{DIGEST[:-2]}  a.jpg"], "line 1: a digest of 62 digits"),
        ([f"SHA512 (a.jpg) = {DIGEST}"], "line 1: .* not as long"),
        ([f"\\{DIGEST}  a\\q.jpg"], "line 1: a name with a backslash that escapes nothing"),
        ([f"{DIGEST}  a\0.jpg"], "line 1: a name with a NUL byte"),
        ([f"{DIGEST}  ."], "line 1: the name of a folder"),
        ([f"{DIGEST}  notes.txt"], "lists no file that is named like"),
        ([], "lists no file that is named like"),
        (["x" * 200_000], "line 1: the line is too long"),
        (["nonsense"] * 5_000, "and 4,990 lines more"),
    ],
)
def test_a_manifest_that_is_refused(lines, why, ledger, mixed, tmp_path):
    """The error says which lines, none is taken, and the ledger stays as it was."""
    path = tmp_path / "SUMS"
    path.write_text("".join(f"{line}\n" for line in lines))
    with pytest.raises(LedgerError, match=why) as caught:
        ledger.import_manifest(path, base=mixed)
    assert len(str(caught.value)) < 5_000
    assert ledger.runs() == []


def test_links_lead_to_the_folder_that_runs_see(ledger, check, written, mixed):
    """A name through a linked folder is that of the file; one that leads outside is refused."""
    (mixed / "link").symlink_to(mixed / "below")
    ledger.import_manifest(written(["link/other.jpg"]), base=mixed)
    assert ReasonCode.AS_LISTED in codes(check()["below/other.jpg"])
    (mixed / "out").symlink_to("/usr")
    path = written(["link/other.jpg"])
    path.write_text(f"{DIGEST}  out/x.jpg\n")
    with pytest.raises(LedgerError, match="is not in"):
        ledger.import_manifest(path, base=mixed)


def test_one_of_the_same_and_one_that_disagrees(listed, ledger, written):
    """What is listed already is counted; a digest is never replaced by a later manifest."""
    assert dict(ledger.import_manifest(written()).counts) == {"known": 5, "not-an-image": 1}
    unsealed(listed / "plain.jpg", 51)
    with pytest.raises(LedgerError, match=r"plain.jpg is listed with sha256:.* already"):
        ledger.import_manifest(written())
    assert ledger.check().agrees


def test_accepting_what_is_listed(listed, ledger, check, images):
    """A person may put another file in place, sealed or not, or let one go; and it is kept."""
    check()
    unsealed(listed / "plain.jpg", 51)
    (listed / "a.jpg").write_bytes(images["d"])
    (listed / "b.jpg").unlink()
    names = ("plain.jpg", "a.jpg", "b.jpg")
    assert {words(check())[name] for name in names} == {"substituted", "missing"}
    ledger.accept([listed / name for name in names], "on purpose")
    found = check()
    assert (str(found["plain.jpg"].verdict), str(found["a.jpg"].verdict)) == ("no-seal", "intact")
    assert "b.jpg" not in found
    assert ledger.check().agrees
    unsealed(listed / "plain.jpg", 52)
    assert str(check()["plain.jpg"].verdict) == "substituted"
    (listed / "below" / "c.jpg").write_bytes((listed / "plain.jpg").read_bytes())
    with pytest.raises(LedgerError, match="had one when it was recorded"):
        ledger.accept([listed / "below" / "c.jpg"])
    unsealed(listed / "new.jpg", 1)
    check()
    with pytest.raises(LedgerError, match="only an intact file"):
        ledger.accept([listed / "new.jpg"])


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE listed SET digest = x'00' || substr(digest, 2)",
        "DELETE FROM listed WHERE CAST(path AS TEXT) = 'plain.jpg'",
        "DELETE FROM listed",
        "INSERT INTO listed VALUES (x'7A', 1, x'7A')",
        "INSERT INTO listed SELECT path, 2, x'' FROM listed",
        "UPDATE runs SET parameters = '{}' WHERE kind = 'import'",
    ],
)
def test_an_edited_listing_shows(edit, listed, ledger, check):
    """The chain of runs covers what was imported."""
    check()
    assert ledger.check().agrees
    with closing(sqlite3.connect(ledger.path)) as connection, connection:
        connection.execute(edit)
    assert not ledger.check().agrees


def test_an_unfinished_run_is_not_gone_on_with(listed, ledger, written, mixed):
    """What it has checked was not compared with the manifest, so that a new one begins."""
    run = ledger.check_many(mixed, jobs=1)
    next(run)
    run.close()
    (mixed / "late.jpg").write_bytes((mixed / "a.jpg").read_bytes())
    ledger.import_manifest(written())
    assert [r.state for r in ledger.runs()] == ["complete", "stopped", "complete"]
    assert ledger.unfinished(mixed) is None


def test_going_on_with_a_run(listed, ledger, check, mixed):
    """Files that are left are compared as well; those that were, are told as they were."""
    unsealed(mixed / "plain.jpg", 51)
    run = ledger.check_many(mixed, jobs=1)
    next(run)
    run.close()
    assert words(check(resume=True))["plain.jpg"] == "substituted"


def test_in_several_processes(listed, ledger, mixed):
    """Worker processes compare as this one does, in folders and below, and with originals."""
    for number in range(100):
        shutil.copy(mixed / "a.jpg", mixed / f"n{number:03}.jpg")
    unsealed(mixed / "plain.jpg", 51)
    for options in ({"jobs": 2}, {"jobs": 1}, {"jobs": 1, "against": mixed}):
        found = {Path(v.path).name: str(v.verdict) for v in ledger.check_many(mixed, **options)}
        assert found["plain.jpg"] == "substituted", options
        assert found["other.jpg"] == "no-seal", options


def test_planes_of_a_stack(ledger, tracks, tmp_path):
    """A plane is compared with its index and with the manifest."""
    root = tmp_path / "stacks"
    root.mkdir()
    napari_seal.seal_stack(np.stack([tracks, tracks[::-1]]), root / "s.sealed", axes="TYX")
    files = sorted(p for p in root.rglob("*") if p.is_file())
    (tmp_path / "SUMS").write_text(
        "".join(
            f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.relative_to(root)}\n" for p in files
        )
    )
    assert ledger.import_manifest(tmp_path / "SUMS", base=root).counts["listed"] == 3
    assert {str(v.verdict) for v in ledger.check_many(root, jobs=1)} == {"intact"}
    plane = next(p for p in files if p.suffix == ".jpg")
    plane.write_bytes(plane.read_bytes() + b"x")
    found = {Path(v.path).name: str(v.verdict) for v in ledger.check_many(root, jobs=1)}
    assert found.pop(plane.name) == "substituted"
    assert set(found.values()) == {"intact"}


def test_a_long_manifest_takes_no_memory(ledger, mixed, tmp_path):
    """Lines go into a table as they come."""
    with (tmp_path / "SUMS").open("w") as file:
        file.writelines(f"{number:064x}  {number:06}.jpg\n" for number in range(60_000))
    tracemalloc.start()
    try:
        assert ledger.import_manifest(tmp_path / "SUMS", base=mixed).counts["listed"] == 60_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8e6


def test_wrong_places(ledger, mixed, tmp_path):
    """No such folder, no such manifest, and an algorithm that is none, are errors."""
    with pytest.raises(OptionError, match="none"):
        ledger.import_manifest(tmp_path / "SUMS", base=tmp_path / "nowhere")
    with pytest.raises(ReadError, match="cannot be read"):
        ledger.import_manifest(tmp_path / "SUMS", base=mixed)
    with pytest.raises(OptionError, match="manifest-crc32"):
        ledger.import_manifest(tmp_path / "manifest-crc32.txt", base=mixed)


def test_the_command(run, written, mixed, tmp_path):
    """It makes the ledger, tells what it took, and a later run finds what differs."""
    arguments = ("ledger", "import", written(), "--ledger", "l.db", "--ledger-root", mixed)
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    assert "5 files are listed now, as run 1" in result.output
    assert "1 file is of other kinds" in result.output
    assert '"known": 5' in run(*arguments, "--json").output
    assert run("verify", mixed, "--ledger", "l.db", "--allow-unsealed").exit_code == 0
    unsealed(mixed / "plain.jpg", 51)
    result = run("verify", mixed, "--ledger", "l.db", "--allow-unsealed")
    assert (result.exit_code, "1 substituted" in result.output) == (1, True)
    result = run(*arguments)
    assert result.exit_code == 0
    (tmp_path / "SUMS").write_text("nonsense\n")
    result = run(*arguments)
    assert (result.exit_code, "line 1" in result.output) == (2, True)
