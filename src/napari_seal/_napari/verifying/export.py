"""Save the results of a run as CSV or JSON Lines, the formats of the command line."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator

from qtpy.QtWidgets import QFileDialog, QWidget

from napari_seal._text import printable
from napari_seal._verify.verdict import Verdict

_CSV = "CSV table (*.csv)"
_JSONL = "JSON Lines (*.jsonl)"


def ask_where(parent: QWidget, what: str) -> str:
    """Ask for the file to write into.

    Parameters
    ----------
    parent : QWidget
        Over which the dialog appears.
    what : str
        What will be exported, for its title.

    Returns
    -------
    str
        The file; empty where the dialog was cancelled.

    Raises
    ------
    FileExistsError
        The name had to be completed, and there is such a file, about which nobody was asked.
    """
    path, chosen = QFileDialog.getSaveFileName(
        parent, f"Export {what}", "verdicts.csv", f"{_CSV};;{_JSONL}"
    )
    if not path:
        return ""
    completed = complete_name(path, jsonl=chosen == _JSONL)
    # Qt asked about the name that was typed, not about one that was completed.
    if completed != path and os.path.exists(completed):
        raise FileExistsError(f"{printable(completed)} exists already and was left as it is.")
    return completed


def complete_name(path: str, *, jsonl: bool) -> str:
    """Return ``path`` with the extension of the chosen format, unless it names a format itself."""
    if path.lower().endswith((".csv", ".jsonl")):
        return path
    return path + (".jsonl" if jsonl else ".csv")


def export(path: str, verdicts: Iterable[Verdict]) -> None:
    """Write results to a file, all of them or none.

    Parameters
    ----------
    path : str
        Ending in ``.jsonl`` for JSON Lines; anything else becomes CSV.
    verdicts : iterable of Verdict
        In the order in which they are written.

    Raises
    ------
    OSError
        If it cannot be written.  The target is then what it was before.
    """
    from napari_seal._verify.report.report import write_csv, write_jsonl

    write = write_jsonl if path.lower().endswith(".jsonl") else write_csv
    temporary = f"{path}.part"
    # "x": a file of that name is somebody else's.
    with (
        open(temporary, "x", encoding="utf-8", errors="surrogateescape", newline="") as file,
        _removed_on_error(temporary),
    ):
        write(verdicts, file)
    os.replace(temporary, path)


@contextlib.contextmanager
def _removed_on_error(path: str) -> Iterator[None]:
    try:
        yield
    except BaseException:
        os.unlink(path)
        raise
