"""Verdicts as text for other programs: JSON Lines and CSV, and the counts."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import IO, Final

from napari_seal._text import printable
from napari_seal._verify.verdict import Outcome, Verdict

CSV_COLUMNS: Final = ("path", "verdict", "signature", "codes", "reasons")


def json_line(verdict: Verdict) -> str:
    """One verdict as a JSON object in ASCII, with a newline."""
    return json.dumps(verdict.as_dict()) + "\n"


def csv_row(verdict: Verdict) -> tuple[str, ...]:
    """One verdict as a row of `CSV_COLUMNS`.

    A path that a spreadsheet would take for a formula is preceded by an apostrophe.
    """
    path = printable(verdict.path)
    return (
        f"'{path}" if path[:1] in ("=", "+", "-", "@") else path,
        str(verdict.verdict),
        str(verdict.signature),
        " ".join(reason.code for reason in verdict.reasons),
        " ".join(reason.message for reason in verdict.reasons),
    )


def write_jsonl(verdicts: Iterable[Verdict], file: IO[str]) -> None:
    """Write verdicts as JSON Lines."""
    for verdict in verdicts:
        file.write(json_line(verdict))


def write_csv(verdicts: Iterable[Verdict], file: IO[str]) -> None:
    """Write verdicts as CSV, with a line of column names (open the file with ``newline=""``)."""
    for _ in stream_csv(verdicts, file):
        pass


def stream_csv(verdicts: Iterable[Verdict], file: IO[str]) -> Iterator[Verdict]:
    """Write verdicts as CSV while passing them on."""
    writer = csv.writer(file)
    writer.writerow(CSV_COLUMNS)
    for verdict in verdicts:
        writer.writerow(csv_row(verdict))
        yield verdict


def count(verdicts: Iterable[Verdict]) -> Counter[Outcome]:
    """Number of files by verdict; the numbers add up to the files seen."""
    return Counter(verdict.verdict for verdict in verdicts)
