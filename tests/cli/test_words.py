"""What is printed, whatever the command: help, and characters that the output does not have."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from napari_seal._cli import main


def commands(group: click.Group, name: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """All commands, by the words that call them."""
    context = click.Context(group)
    for word in group.list_commands(context):
        command = group.get_command(context, word)
        if isinstance(command, click.Group):
            yield from commands(command, (*name, word))
        else:
            yield (*name, word)


@pytest.mark.parametrize("command", commands(main), ids=" ".join)
def test_help_of_every_command(run, command):
    """Each explains itself and its exit codes, in characters that every terminal has."""
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert "Exit code" in result.output
    assert result.output.isascii()


@pytest.mark.parametrize("group", [(), ("ledger",), ("report",)], ids=" ".join)
def test_lists_of_commands_are_not_cut(run, monkeypatch, group):
    """Whoever looks for a command in a terminal of 80 columns reads a whole sentence on each."""
    monkeypatch.setenv("COLUMNS", "80")
    listed = run(*group, "--help").output.partition("Commands:")[2].strip().splitlines()
    assert len(listed) == {(): 10, ("ledger",): 14, ("report",): 1}[group]
    assert [line for line in listed if not line.endswith(".") or line.endswith("...")] == []


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "iso-8859-1"])
@pytest.mark.parametrize("name", ["a.sealed.jpg", ""], ids=["a file", "a table"])
def test_an_output_that_has_not_all_characters(archive, encoding, name):
    """Signs become escapes, as in a file on Windows; the exit code still tells of the files."""
    done = subprocess.run(
        [sys.executable, "-m", "napari_seal", "verify", archive / name],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
    )
    assert (done.returncode, done.stderr) == (0 if name else 1, b"")
    assert b"1 file: 1 intact" in done.stdout or b"3 files: 2 intact" in done.stdout
    assert b" intact " in done.stdout
