"""A reader who does what a page says: types the commands, runs the Python, compares the output."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TypeVar

from pages import ROOT, Block
from support import skip_or_fail

#: Commands of a block are stopped where one fails.  `napari-seal` ends with 1 where a file is not
#: intact, which is what many examples are about; commands that are meant to fail are named.
SHELL = r"""
fails() { case "$1" in napari-seal\ *|sh\ verify_with_exiftool.sh\ *) [ "$2" -gt 1 ];; esac; }
look() { fails "$2" "$1" && { echo "ended with $1: $2" >&2; exit 99; }; }
trap 'look $? "$BASH_COMMAND"' ERR
"""
T = TypeVar("T")

#: What pages use, and not every machine has.
OTHERS = {"jq", "openssl", "perl", "sqlite3"}

INSTALLS = re.compile(r"^(?:\$ )?(?:python -m )?pip install [^\n]*\n", re.MULTILINE)
#: Times and durations, which are others each time.
TIMES = re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b|\b\d+\.\d s\b")


@dataclass
class Session:
    """What a reader has before them: a folder, a shell, and a Python session.

    ``stand_ins`` are texts of the page that stand for the reader's own, such as an address, and
    what the tests have in their place.
    """

    folder: Path
    stand_ins: dict[str, str] = field(default_factory=dict)
    namespace: dict[str, object] = field(default_factory=lambda: {"__name__": "__main__"})
    said: str | None = None
    #: What is done before the block in which a text occurs.
    before: dict[str, Callable[[], object]] = field(default_factory=dict)
    _open: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def keep(self, context: AbstractContextManager[T]) -> T:
        """Have something open until the reader is done with the page."""
        return self._open.enter_context(context)

    def program(self, name: str, command: str) -> None:
        """Have a command under a name of its own."""
        path = self.tools / name
        path.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        path.chmod(0o755)

    @property
    def tools(self) -> Path:
        """Where programs are found first."""
        folder = self.folder.parent / "tools"
        folder.mkdir(exist_ok=True)
        return folder

    def text_of(self, block: Block) -> str:
        """The block, with what stands in for the reader's own."""
        text = INSTALLS.sub("", block.text)
        for shown, real in self.stand_ins.items():
            text = text.replace(shown, real)
        return text

    def python(self, block: Block) -> None:
        """Run a block in the session of the page."""
        code = compile("\n" * (block.line - 1) + self.text_of(block), block.page, "exec")
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            exec(code, self.namespace)
        self.said = output.getvalue()

    def shell(self, block: Block) -> None:
        """Run the commands of a block, the `$` before them taken away."""
        text = self.text_of(block)
        if block.language == "console":
            text = "".join(re.findall(r"^\$ (.*\n)", text, re.MULTILINE))
        self.said = self.run(text, where=str(block))

    def run(self, text: str, *, where: str = "") -> str:
        """Run commands of ours and others, and return what they print."""
        places = [str(self.tools), str(Path(sys.executable).parent), os.environ["PATH"]]
        done = subprocess.run(
            ["bash", "-c", SHELL + text], cwd=self.folder, timeout=300, stdin=subprocess.DEVNULL,
            env={**os.environ, "COLUMNS": "100", "PATH": os.pathsep.join(places)},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        missing = re.search(
            r"^bash: line \d+: (\w+): command not found$", done.stdout, re.MULTILINE
        )
        if missing and missing[1] in OTHERS:
            skip_or_fail("tools", f"{missing[1]} is not installed")
        assert done.returncode != 99, f"{where}\n{text}\n{done.stdout}"
        assert "Traceback" not in done.stdout, f"{where}\n{done.stdout}"
        return done.stdout

    def compare(self, block: Block, *, exactly: bool) -> None:
        """A block of text after one that was run is what that printed.

        Of what a command prints, a part may be shown, and a line ``…`` stands for any lines.
        """
        assert self.said is not None, str(block)
        shown, said = block.text, self.said
        told = f"{block} shows\n{shown}\nand what was printed is\n{said}"
        if exactly:
            assert said == shown, told
            return
        shown, said = (
            re.sub(r"[ ]+$", "", TIMES.sub("TIME", text), flags=re.MULTILINE)
            for text in (shown, said)
        )
        pattern = re.escape(shown).replace(re.escape("…\n"), "(?:.*\n)*?")
        assert re.search(f"(?m)^{pattern}", said), told


def ours_in(block: Block) -> list[list[str]]:
    """The commands of ours in a block, as words; what the shell does with them is left out."""
    text = block.text.replace("\\\n", " ")
    found = re.findall(r"(?:^|[|&;]|\s)napari-seal ([^\n|&;<>]*)", text)
    return [
        re.sub(r"\s#.*", "", words).replace("'", "").replace('"', "").split() for words in found
    ]


def scripts_in(block: Block) -> list[Path]:
    """The scripts of the repository that a block runs."""
    return [
        ROOT / name
        for name in re.findall(r"python ((?:tests|docs|benchmarks|fuzzing)/\S+)", block.text)
    ]
