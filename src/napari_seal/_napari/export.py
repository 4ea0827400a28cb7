"""Save the results of a run as CSV or JSON Lines, the formats of the command line."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence

from qtpy.QtWidgets import QFileDialog, QWidget

from napari_seal._text import printable
from napari_seal._verify.verdict import Verdict

_CSV = "CSV table (*.csv)"
_JSONL = "JSON Lines (*.jsonl)"


def export_dialog(parent: QWidget, verdicts: Sequence[Verdict], *, shown: int) -> str:
    """Ask for a file and write the results into it.

    Parameters
    ----------
    parent : QWidget
        Over which the dialog appears.
    verdicts : sequence of Verdict
        In the order of the run: all of them, whatever is shown.
    shown : int
        How many of them pass the filter, since somebody could take these for what is exported.

    Returns
    -------
    str
        What was done, or empty where the dialog was cancelled.
    """
    what = f"all {len(verdicts):,} results" if len(verdicts) != 1 else "1 result"
    if shown < len(verdicts):
        what += f" (not only the {shown:,} shown)"
    path, chosen = QFileDialog.getSaveFileName(
        parent, f"Export {what}", "verdicts.csv", f"{_CSV};;{_JSONL}"
    )
    if not path:
        return ""
    completed = complete_name(path, jsonl=chosen == _JSONL)
    # Qt asked about the name that was typed, not about one that was completed.
    if completed != path and os.path.exists(completed):
        return f"⚠ {printable(completed)} exists already and was left as it is."
    try:
        export(completed, verdicts)
    except OSError as error:
        return f"⚠ Not exported: {printable(error)}"
    return f"Exported {what} to {printable(completed)}"


def complete_name(path: str, *, jsonl: bool) -> str:
    """Return ``path`` with the extension of the chosen format, unless it names a format itself."""
    if path.lower().endswith((".csv", ".jsonl")):
        return path
    return path + (".jsonl" if jsonl else ".csv")


def export(path: str, verdicts: Sequence[Verdict]) -> None:
    """Write results to a file, all of them or none.

    Parameters
    ----------
    path : str
        Ending in ``.jsonl`` for JSON Lines; anything else becomes CSV.
    verdicts : sequence of Verdict
        In the order of the run.

    Raises
    ------
    OSError
        If it cannot be written.  The target is then what it was before.
    """
    from napari_seal._verify.report import write_csv, write_jsonl

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
