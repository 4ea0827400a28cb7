"""Text that a file sets reaches terminals, reports and pages only escaped."""

from __future__ import annotations

import csv
import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hostile_text import FILE_NAME, TEXT, changed, invalid, written
from support import sealed_bytes

from napari_seal import check
from napari_seal._cli import main

pytestmark = pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="names are bytes")

COMMANDS = {
    "verify": ["verify", "archive"],
    "verify --all": ["verify", "archive", "--all", "--full"],
    "verify --json": ["verify", "archive", "--json"],
    "verify --jsonl": ["verify", "archive", "--jsonl"],
    "verify --against": ["verify", "archive", "--against", "archive"],
    "verify a pattern": ["verify", "archive/*.jpg"],
    "ledger runs": ["ledger", "runs", "--ledger", "ledger.db"],
    "ledger missing": ["ledger", "missing", "--ledger", "ledger.db"],
    "ledger duplicates": ["ledger", "duplicates", "--ledger", "ledger.db"],
    "ledger stale": ["ledger", "stale", "--ledger", "ledger.db", "--days", "0"],
    "ledger diff": ["ledger", "diff", "1", "2", "--ledger", "ledger.db"],
    "ledger manifest": ["ledger", "manifest", "--ledger", "ledger.db", "--out", "sums.txt"],
    "ledger check": ["ledger", "check", "ledger.db"],
    "ledger check of a statement": ["ledger", "check", "ledger.db", "--statement", "hostile.json"],
    "ledger statement": ["ledger", "statement", "ledger.db", "--out", f"archive/{FILE_NAME}"],
    "ledger accept": ["ledger", "accept", f"archive/2{FILE_NAME}.jpg", "--ledger", "ledger.db"],
    "ledger check-manifest": ["ledger", "check-manifest", "hostile.txt", "--ledger", "ledger.db"],
    "find": ["find", f"archive/2{FILE_NAME}.jpg", "--ledger", "ledger.db"],
    "find nothing": ["find", f"archive/{FILE_NAME}.none", "--ledger", "ledger.db"],
    "seal": ["seal", f"archive/{FILE_NAME}.none", f"archive/1{FILE_NAME}.jpg", "--out", "sealed"],
    "report check": ["report", "check", "hostile.jsonl"],
    "report check of CSV": ["report", "check", "hostile.csv"],
    "ledger history": ["ledger", "history", f"archive/1{FILE_NAME}.jpg", "--ledger", "ledger.db"],
    "a missing file": ["show", f"archive/{FILE_NAME}.none"],
}


def is_safe(text: str) -> bool:
    """Whether every character shows as itself: no escapes, controls, overrides or surrogates."""
    return all(c.isprintable() or c == "\n" for c in text)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an archive of hostile files, a ledger with two runs of it, and reports."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "archive").mkdir()
    for number, data in enumerate(written().values()):
        (folder / "archive" / f"{number}{FILE_NAME}.jpg").write_bytes(data)
    (folder / "archive" / f"{FILE_NAME}.sealed.json").write_bytes(invalid()["index"])
    run(folder, "verify", "archive", "--ledger", "ledger.db")
    for number, data in enumerate([*changed().values(), *invalid().values()]):
        (folder / "archive" / f"{number}{FILE_NAME}.jpg").write_bytes(data)
    (folder / "archive" / f"0{FILE_NAME}.jpg").unlink()
    reports = ["--csv", "out.csv", "--html", "out.html", "--jsonl-file", "out.jsonl"]
    run(folder, "verify", "archive", "--ledger", "ledger.db", *reports)
    summary = json.dumps({"summary": {TEXT: TEXT, "counts": {TEXT: 1}, "stopped": TEXT}})
    (folder / "hostile.jsonl").write_text(
        json.dumps({"path": TEXT, "verdict": TEXT}) + f"\n{summary}\n"
    )
    heads = "path,verdict,signature,reasons,messages"
    cell = TEXT.encode("utf-8", "replace").decode().replace('"', '""')
    (folder / "hostile.csv").write_text(
        f'{heads}\n"{cell}","{cell}",,,\n#summary,,,"{cell}","{cell}"\n'
    )
    (folder / "hostile.json").write_text(json.dumps({"napari-seal-ledger": 1, TEXT: TEXT}))
    lines = (f"{'0' * 64}  archive/{TEXT}\n", f"{TEXT}  archive/a.jpg\n", f"\\{'0' * 64}  {TEXT}\n")
    (folder / "hostile.txt").write_bytes("".join(lines).encode("utf-8", "replace"))
    return folder


def run(folder: Path, *arguments: str) -> str:
    """What a command prints, of which no exception may come."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        result = CliRunner().invoke(main, list(arguments))
    finally:
        os.chdir(before)
    assert result.exception is None or isinstance(result.exception, SystemExit), arguments
    return result.output


@pytest.mark.parametrize("name", COMMANDS)
def test_a_terminal_gets_no_control_characters(name: str, archive: Path) -> None:
    """Whatever names, metadata, ledgers and reports hold."""
    output = run(archive, *COMMANDS[name])
    assert output.strip()
    assert is_safe(output)


@pytest.mark.parametrize("command", [name for name in COMMANDS if name.startswith("ledger")])
@pytest.mark.parametrize("table", ["files", "history", "runs", "about", "links", "statements"])
def test_texts_in_a_ledger_are_printed_escaped(
    command: str, table: str, archive: Path, tmp_path: Path
) -> None:
    """Somebody wrote into its tables what napari-seal never would."""
    shutil.copy(archive / "ledger.db", tmp_path / "ledger.db")
    connection = sqlite3.connect(tmp_path / "ledger.db")
    with connection:
        columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
        for name in (row[1] for row in columns if row[2] == "TEXT" and not row[5]):
            value = TEXT.replace("\ud800", "")
            connection.execute(f"UPDATE {table} SET {name} = ?", (value,))
        if table == "about":
            connection.execute("UPDATE about SET value = ?", (FILE_NAME.encode(),))
    connection.close()
    for options in ([], ["--json"]):
        output = run(tmp_path, *COMMANDS[command], *options)
        assert output.strip()
        assert is_safe(output)


@pytest.mark.parametrize("kind", [*written(), *changed(), *invalid()])
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_show_prints_every_field_escaped(kind: str, options: list[str], tmp_path: Path) -> None:
    """Each field that a file can set, intact or not."""
    data = {**written(), **changed(), **invalid()}[kind]
    name = f"{FILE_NAME}.sealed.json" if kind == "index" else f"{FILE_NAME}.jpg"
    (tmp_path / name).write_bytes(data)
    output = run(tmp_path, "show", name, *options)
    assert is_safe(output)
    assert not options or output.isascii()
    assert str(check(tmp_path / name)).isprintable()


def test_markup_of_the_terminal_is_shown_as_it_is(tmp_path: Path) -> None:
    """Brackets that mean colours or links to the library that draws tables mean nothing."""
    image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    metadata = {"a": "[red]x[/red] [link=file:///]y", "[bold]b": ":smile:"}
    (tmp_path / "a.jpg").write_bytes(sealed_bytes(image, metadata=metadata))
    output = run(tmp_path, "show", "a.jpg")
    assert "[red]x[/red] [link=file:///]y" in output
    assert "[bold]b" in output
    assert ":smile:" in output


def test_csv_holds_no_formula_and_no_hidden_character(archive: Path) -> None:
    """A spreadsheet finds texts in it and nothing to run."""
    with (archive / "out.csv").open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert any("\\x1b" in cell for cell in cells)
    assert all(cell.isprintable() for cell in cells)
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)


def test_json_lines_are_ascii(archive: Path) -> None:
    """Every hostile character is an escape of JSON, and the name comes back whole."""
    text = (archive / "out.jsonl").read_bytes()
    assert text.isascii()
    rows = [json.loads(line) for line in text.splitlines()]
    assert any(FILE_NAME in row.get("path", "") for row in rows)


def test_the_page_has_no_foreign_markup(archive: Path) -> None:
    """The page's own tags are all there are, and its characters show as themselves."""
    text = (archive / "out.html").read_text(encoding="utf-8")
    assert is_safe(text.replace("\t", ""))
    assert "alert(1)" in text
    assert "<script>alert" not in text
    assert "<img src=x" not in text.replace("\\u003c", "")
    assert text.count("</script>") == text.count("<script")


@pytest.mark.parametrize("make", [written, changed, invalid])
def test_a_verdict_is_safe_to_print(make: Callable[[], dict[str, bytes]], tmp_path: Path) -> None:
    """`str(verdict)` and each reason, as scripts print them."""
    for kind, data in make().items():
        (tmp_path / FILE_NAME).write_bytes(data)
        verdict = check(tmp_path / FILE_NAME)
        assert str(verdict).isprintable(), kind
        for reason in verdict.reasons:
            texts = [reason.message, reason.expected or "", reason.found or ""]
            assert all(text.isprintable() for text in texts), kind
