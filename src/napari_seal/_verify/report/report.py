"""Verdicts as text for other programs: JSON Lines and CSV.

Both are written while verdicts pass, and end with a summary of the run and a digest of all that
stands before it::

    {"path": …, "verdict": …, …}                         path,verdict,signature,signer,codes,reasons
    {"path": …, "verdict": …, …}                         a.jpg,intact,none,,,
    {"summary": {…},"digest": "sha256:…"}                #summary,,,,files,1
                                                         #digest,,,,,"sha256:…"
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import IO, Any, Final

from napari_seal._text import printable
from napari_seal._verify.replace import replacing
from napari_seal._verify.report.digested import Digested
from napari_seal._verify.report.summary import Run, summarise
from napari_seal._verify.verdict import Outcome, Verdict

CSV_COLUMNS: Final = ("path", "verdict", "signature", "signer", "codes", "reasons")

#: What the first column of the last rows holds, in place of a path.
CSV_SUMMARY: Final = "#summary"

#: From verdicts to the same verdicts.
Watch = Callable[[Iterable[Verdict]], Iterator[Verdict]]


def json_line(verdict: Verdict) -> str:
    """One verdict as a JSON object in ASCII, with a newline."""
    return json.dumps(verdict.as_dict()) + "\n"


def csv_row(verdict: Verdict) -> tuple[str, ...]:
    """One verdict as a row of `CSV_COLUMNS`.

    A path or name that a spreadsheet would take for a formula, or a reader for the summary, is
    preceded by an apostrophe.
    """
    return (
        _cell(verdict.path),
        str(verdict.verdict),
        str(verdict.signature),
        "" if verdict.signer is None else _cell(verdict.signer),
        " ".join(reason.code for reason in verdict.reasons),
        " ".join(reason.message for reason in verdict.reasons),
    )


def _cell(text: str) -> str:
    shown = printable(text)
    return f"'{shown}" if shown[:1] in ("=", "+", "-", "@", "#") else shown


def stream_jsonl(
    verdicts: Iterable[Verdict], write: Callable[[bytes], object], run: Run | None = None
) -> Iterator[Verdict]:
    """Write verdicts as JSON Lines while passing them on."""
    out = Digested(write, "jsonl")
    counts: Counter[Outcome] = Counter()
    for verdict in verdicts:
        counts[verdict.verdict] += 1
        out.write(json_line(verdict))
        yield verdict
    out.write(f'{{"summary": {json.dumps(summarise(counts, run))}')
    out.finish(None if run is None else run.signer)


def stream_csv(
    verdicts: Iterable[Verdict], write: Callable[[bytes], object], run: Run | None = None
) -> Iterator[Verdict]:
    """Write verdicts as CSV, with a row of column names, while passing them on."""
    out = Digested(write, "csv")
    writer = csv.writer(out)
    writer.writerow(CSV_COLUMNS)
    counts: Counter[Outcome] = Counter()
    for verdict in verdicts:
        counts[verdict.verdict] += 1
        writer.writerow(csv_row(verdict))
        yield verdict
    for name, value in _flat(summarise(counts, run)):
        writer.writerow((CSV_SUMMARY, "", "", "", name, value))
    out.write("#")
    out.finish(None if run is None else run.signer)


def _flat(summary: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and value by row: texts as they are, whatever else as JSON."""
    for key, value in summary.items():
        if isinstance(value, dict):
            yield from ((f"{key}.{name}", str(item)) for name, item in value.items())
        else:
            yield key, printable(value) if isinstance(value, str) else json.dumps(value)


def jsonl_report(path: str, run: Run) -> AbstractContextManager[Watch]:
    """Make a file of JSON Lines of the verdicts that pass; see `csv_report`."""
    return _report(path, run, stream_jsonl)


def csv_report(path: str, run: Run) -> AbstractContextManager[Watch]:
    """Make a CSV file of the verdicts that pass.

    Parameters
    ----------
    path : str
        The file; what is there is replaced when all is done.
    run : Run
        What the summary says.

    Returns
    -------
    context manager
        It gives a callable, from verdicts to the same verdicts.  The file appears when the ``with``
        block ends without an exception and all of them have passed.

    Raises
    ------
    OSError
        It cannot be written; what can be known before the first verdict is raised then.
    """
    return _report(path, run, stream_csv)


@contextmanager
def _report(path: str, run: Run, stream: Callable[..., Iterator[Verdict]]) -> Iterator[Watch]:
    with replacing(path) as part:

        def watch(verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
            yield from stream(verdicts, part.file.write, run)
            part.complete = True

        yield watch


def write_jsonl(verdicts: Iterable[Verdict], file: IO[str], run: Run | None = None) -> None:
    """Write verdicts as JSON Lines (open the file with ``newline=""``)."""
    for _ in stream_jsonl(verdicts, lambda content: file.write(content.decode()), run):
        pass


def write_csv(verdicts: Iterable[Verdict], file: IO[str], run: Run | None = None) -> None:
    """Write verdicts as CSV (open the file in UTF-8 with ``newline=""``)."""
    for _ in stream_csv(verdicts, lambda content: file.write(content.decode()), run):
        pass
