"""``verify --ledger`` and the commands that look into a ledger."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

import napari_seal


def verdicts(result) -> dict[str, str]:
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return {os.path.basename(line["path"]): line["verdict"] for line in lines if "path" in line}


def test_verify_with_a_ledger(run, good, tmp_path):
    """The first run makes it; a file that is gone later ends with exit code 1 and is counted."""
    assert run("verify", good, "--ledger", "l.db").exit_code == 0
    assert (tmp_path / "l.db").exists()
    assert run("verify", good, "--ledger", "l.db").exit_code == 0
    (good / "a.sealed.jpg").unlink()
    result = run("verify", good, "--ledger", "l.db")
    assert result.exit_code == 1
    assert "✗ missing" in result.output
    assert "2 files: 1 intact, 1 missing" in result.output


def test_reports_have_what_the_ledger_tells(run, good, tmp_path):
    """JSON Lines, CSV and the page list missing files, and the page names the options."""
    run("verify", good, "--ledger", "l.db")
    (good / "a.sealed.jpg").unlink()
    result = run(
        "verify", good, "--ledger", "l.db", "--jsonl", "--csv", "r.csv", "--html", "r.html"
    )
    assert verdicts(result) == {"a.sealed.jpg": "missing", "b.sealed.jpg": "intact"}
    assert "missing" in (tmp_path / "r.csv").read_text()
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "--ledger l.db" in page
    assert "missing" in page


def test_new_files_are_told_and_frozen_archives_have_none(run, good, tmp_path):
    """Moved, copied and extra files fail only with ``--frozen``; all is told in any case."""
    run("verify", good, "--ledger", "l.db")
    shutil.copy(tmp_path / "l.db", tmp_path / "frozen.db")
    shutil.copy(good / "a.sealed.jpg", good / "z.sealed.jpg")
    result = run("verify", good, "--ledger", "l.db")
    assert result.exit_code == 0
    assert "The file is a copy" in result.output
    assert "1 file is new to the ledger" in result.output
    result = run("verify", good, "--ledger", "frozen.db", "--frozen")
    assert result.exit_code == 1
    assert run("verify", good, "--ledger", "frozen.db", "--frozen").exit_code == 0


def test_a_stripped_seal_is_no_image_without_one(run, good, tracks):
    """``--allow-unsealed`` does not let pass what the ledger knew with a seal."""
    from PIL import Image

    path = good / "a.sealed.jpg"
    Image.fromarray((tracks >> 8).astype("uint8")).save(good / "plain.jpg")
    assert run("verify", good, "--allow-unsealed", "--ledger", "l.db").exit_code == 0
    with Image.open(path) as image:
        image.save(path, quality=90)
    assert run("verify", good, "--allow-unsealed").exit_code == 0
    assert run("verify", good, "--allow-unsealed", "--ledger", "l.db").exit_code == 1


@pytest.mark.parametrize("option", ["--resume", "--frozen", "--ledger-root=."])
def test_options_that_need_a_ledger(run, good, option):
    """They are refused without one."""
    result = run("verify", good, option)
    assert result.exit_code == 2
    assert "needs --ledger" in result.output


def test_what_cannot_be_a_ledger(run, good):
    """An image, a text, a folder that is not there: exit code 2, and nothing is overwritten."""
    image = good / "a.sealed.jpg"
    before = image.read_bytes()
    Path("notes.db").write_text("not a database, and long enough to be one" * 20)
    for target in (image, "notes.db", "nowhere/l.db", good):
        result = run("verify", good, "--ledger", target)
        assert result.exit_code == 2
        assert "Error:" in result.output
    assert image.read_bytes() == before
    assert "there is no ledger" in run("ledger", "runs", "--ledger", "none.db").output


def test_outside_the_ledgers_folder(run, good, tmp_path):
    """Another archive is refused with what to do; ``--ledger-root`` says where it is now."""
    run("verify", good, "--ledger", "l.db")
    shutil.move(good, tmp_path / "moved")
    result = run("verify", "moved", "--ledger", "l.db")
    assert result.exit_code == 2
    assert "--ledger-root" in result.output
    assert run("verify", "moved", "--ledger", "l.db", "--ledger-root", "moved").exit_code == 0
    assert run("verify", "moved", "--ledger", "l.db", "--ledger-root", "nowhere").exit_code == 2


def test_questions(run, good, tmp_path):
    """Each command answers in words and as JSON, and by its exit code."""
    run("verify", good, "--ledger", "l.db")
    path = good / "a.sealed.jpg"
    identity = napari_seal.check(path).seal.identity
    content = path.read_bytes()
    shutil.copy(path, good / "z.sealed.jpg")
    path.unlink()
    shutil.copy(good / "z.sealed.jpg", good / "y.sealed.jpg")
    (good / "below" / "b.sealed.jpg").unlink()
    run("verify", good, "--ledger", "l.db")

    def ask(*arguments):
        words = run(*arguments, "--ledger", "l.db")
        asked = run(*arguments, "--ledger", "l.db", "--json")
        assert words.exit_code == asked.exit_code
        return words.exit_code, words.output, json.loads(asked.stdout)

    code, words, found = ask("ledger", "runs")
    assert (code, [r["state"] for r in found]) == (0, ["complete", "complete"])
    assert "2 intact, 1 missing" in words
    code, words, found = ask("find", identity)
    assert (code, len(found)) == (0, 4)  # both images are of one array
    assert "source" in words
    code, words, found = ask("find", "0" * 12)
    assert (code, found, "Not in the ledger" in words) == (1, [], True)
    result = run("find", "a.tif", "--ledger", "l.db")  # a file was meant
    assert (result.exit_code, "no such file" in result.output) == (2, True)
    result = run("ledger", "history", "elsewhere.jpg", "--ledger", "l.db")
    assert f"{tmp_path} is not in {good}" in result.output
    code, words, found = ask("ledger", "diff", 1, 2)
    assert (code, len(found), "missing" in words) == (1, 4, True)
    code, words, found = ask("ledger", "duplicates")
    assert (code, len(found), "y.sealed.jpg" in words) == (1, 2, True)
    code, words, found = ask("ledger", "missing")
    assert (code, [Path(f["path"]).name for f in found]) == (1, ["b.sealed.jpg"])
    code, words, found = ask("ledger", "stale", "--days", 30)
    assert (code, found, "within 30 days" in words) == (0, [], True)
    code, words, found = ask("ledger", "history", path)
    assert (code, [f["verdict"] for f in found]) == (0, ["intact", "missing"])
    assert "moved" in words
    path.write_bytes(content)
    assert run("ledger", "diff", 2, 1, "--ledger", "l.db").exit_code == 2


def test_accept(run, good):
    """A person's decision is written down with the note, and is the reference from then on."""
    run("verify", good, "--ledger", "l.db")
    shutil.copy(good / "below" / "b.sealed.jpg", good / "a.sealed.jpg")
    assert run("verify", good, "--ledger", "l.db").exit_code == 1
    result = run(
        "ledger", "accept", good / "a.sealed.jpg", "--ledger", "l.db", "--note", "sealed again"
    )
    assert (result.exit_code, result.output) == (0, "1 file accepted, as run 3.\n")
    assert run("verify", good, "--ledger", "l.db").exit_code == 0
    assert (
        "sealed again" in run("ledger", "history", good / "a.sealed.jpg", "--ledger", "l.db").output
    )
    result = run("ledger", "accept", good / "never.jpg", "--ledger", "l.db")
    assert (result.exit_code, "does not know" in result.output) == (2, True)


def test_names_are_escaped(run, good):
    """What a name holds does not reach the terminal as it is."""
    evil = good / "a\x1b[2J\nb.jpg"
    shutil.copy(good / "a.sealed.jpg", evil)
    run("verify", good, "--ledger", "l.db")
    outputs = [
        run("find", napari_seal.check(evil).seal.identity, "--ledger", "l.db").output,
        run("ledger", "duplicates", "--ledger", "l.db").output,
        run("ledger", "history", evil, "--ledger", "l.db").output,
    ]
    evil.unlink()
    outputs.append(run("verify", good, "--ledger", "l.db").output)
    outputs.append(run("ledger", "missing", "--ledger", "l.db").output)
    assert all("\x1b" not in output for output in outputs)
    assert sum("\\x1b[2J\\nb.jpg" in output for output in outputs) >= 4


@pytest.mark.skipif(sys.platform == "win32", reason="names are Unicode there")
def test_names_that_are_no_unicode(run, good):
    """They are found and told, in words and in JSON."""
    odd = os.path.join(os.fsencode(good), b"\xff.jpg")
    shutil.copy(good / "a.sealed.jpg", odd)
    run("verify", good, "--ledger", "l.db")
    os.unlink(odd)
    assert run("verify", good, "--ledger", "l.db").exit_code == 1
    result = run("ledger", "missing", "--ledger", "l.db", "--json")
    assert os.fsencode(json.loads(result.stdout)[0]["path"]) == odd


def test_looking_things_up_loads_little():
    """A question to a ledger needs neither NumPy nor Pillow."""
    import subprocess

    code = (
        "import sys; from napari_seal import Ledger, LedgerError\n"
        "try: Ledger.open('there is none')\n"
        "except LedgerError: print(sorted({'numpy', 'PIL', 'piexif'} & set(sys.modules)))"
    )
    source = str(Path(napari_seal.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": source},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
