"""What the dock asks of a ledger before a run, and what it says about one: no widget in here.

All functions that open a ledger are for a thread: it may be in use, and SQLite waits.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from napari_seal._text import printable

if TYPE_CHECKING:
    from napari_seal._verify.ledger.entries import LedgerRun

#: For dialogs; a ledger may have any name but that of an image.
FILES: Final = "Ledgers (*.db *.sqlite);;All files (*)"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerState:
    """What was found where a ledger is, or will be.

    Parameters
    ----------
    text : str
        In a line for people, escaped.
    usable : bool
        Whether a run can write into it, as far as one can know before.
    exists : bool
        Whether there is one already.
    unfinished : LedgerRun, optional
        The run over just the chosen files that did not come to its end.
    """

    text: str = ""
    usable: bool = True
    exists: bool = False
    unfinished: LedgerRun | None = None


def look_at(path: str, chosen: Sequence[str], *, recursive: bool, trust: str = "") -> LedgerState:
    """Look at a ledger's file, and whether a run over what is chosen waits in it.

    Parameters
    ----------
    path : str
        Need not be there.
    chosen : sequence of str
        Files and folders to be checked.
    recursive : bool
        Whether folders are searched with their subfolders.
    trust : str
        Folder or file of the keys that are trusted; empty for the user's own list.
    """
    from napari_seal._verify.ledger.ledger import Ledger
    from napari_seal.errors import SealError

    if not os.path.lexists(path):
        return _not_there(path)
    try:
        with Ledger.open(path, read_only=True) as ledger:
            runs = [run for run in ledger.runs() if run.kind == "verify"]
            return LedgerState(
                text=_history(runs),
                exists=True,
                unfinished=ledger.unfinished(chosen, recursive=recursive, trust=trust or None),
            )
    except (SealError, OSError) as error:
        return LedgerState(text=f"⚠ {for_people(str(error))}", usable=False, exists=True)


def _not_there(path: str) -> LedgerState:
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        text = f"⚠ There is no folder {printable(folder)}: choose another place for the ledger."
        return LedgerState(text=text, usable=False)
    return LedgerState(text="A new ledger: the run will make it.")


def _history(runs: Sequence[LedgerRun]) -> str:
    complete = [run for run in runs if run.state == "complete"]
    if not complete:
        return "No run has come to its end yet."
    number = "1 complete run" if len(complete) == 1 else f"{len(complete):,} complete runs"
    last = complete[-1]
    return f"{number}, the last of {moment(last.begun)} with {files(sum(last.counts.values()))}."


def moment(text: str) -> str:
    """Return a time of a ledger as people write it: ``2026-11-24 19:05 UTC``."""
    return f"{text[:10]} {text[11:16]} UTC" if text else "an unknown time"


def files(number: int) -> str:
    """Return a number of files in words."""
    return "1 file" if number == 1 else f"{number:,} files"


def go_on_text(run: LedgerRun) -> str:
    """Return what the tick says that goes on with a run."""
    done = files(files_done(run))
    return f"go on with the unfinished run,\nbegun {moment(run.begun)}, {done} done"


def files_done(run: LedgerRun) -> int:
    """Return how many files a run has checked."""
    return sum(number for word, number in run.counts.items() if word != "missing")


# The core speaks of the command line, which nobody sees here.
_HERE: Final = (
    (r"name the same, or begin a new run without --resume.*", "choose the same, or untick it."),
    (
        r"if the archive lies elsewhere now, say where.*",
        "choose the ledger of this folder, or name a new one.",
    ),
    (
        r"; `napari-seal verify FOLDER --ledger FILE` makes one",
        "; choose another, or name a new one.",
    ),
    (r" \(file is not a database\)$", ""),  # said already
    (r"make room, and go on with --resume", "make room, and go on with the unfinished run"),
    (r"it will after the next `napari-seal verify`", "it will after the next run"),
    (r"the next `napari-seal verify --ledger` will bring it", "the next run will bring it"),
    (
        r"(is not a ledger, nor a database at all|is a database, and not a ledger of napari-seal)",
        r"\1: choose another file, or name a new one",
    ),
    (r"(cannot be written to|not permitted)", r"\1: choose another, or ask for the permission"),
    (r"(something altered them)", r"\1: take a copy of it, or begin a new one"),
)


def for_people(text: str) -> str:
    """Return the sentence of a ledger's error as it helps in the window, escaped."""
    text = printable(text)
    for pattern, replacement in _HERE:
        text = re.sub(pattern, replacement, text)
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", ")", "…")) else f"{text}."
