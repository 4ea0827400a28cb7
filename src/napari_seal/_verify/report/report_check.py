"""Whether a report is still what was written: its digest, and its counts beside its rows.

The file is read once, line by line, whatever its size.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Final

from napari_seal._format import limits
from napari_seal._text import printable
from napari_seal._trust.judge import Judge
from napari_seal._trust.states import Signature
from napari_seal._verify.report import page_html
from napari_seal._verify.report.digested import (
    SIGNED_TAIL,
    TAIL,
    read_digest,
    read_signature,
    signed_text,
)
from napari_seal._verify.report.report import CSV_SUMMARY
from napari_seal._verify.verdict import Outcome
from napari_seal.errors import ReadError

if TYPE_CHECKING:
    from napari_seal._trust.trusted import Trust

#: Forms by how a report begins.
_BEGINNINGS: Final = {
    b'{"path": "': "jsonl",
    b'{"summary": {': "jsonl",
    b"path,verdict,signature,": "csv",
    b"<!DOCTYPE html>": "html",
}
_GENERATOR: Final = b'<meta name="generator" content="napari-seal '


#: More files than this nobody has; beyond 4,300 digits Python shows no number.
_MOST: Final = 10**18


@dataclass(slots=True)
class ReportCheck:
    """What was found in a report.

    Parameters
    ----------
    form : str
        ``jsonl``, ``csv`` or ``html``.
    counts : Counter of str
        Rows by verdict, as they stand there.
    summary : dict
        What the report says of itself; empty where that is missing.
    expected, found : str or None
        The digest that stands in the report, and that of its content.
    signature : Signature
        State of the report's signature.
    signer : str, optional
        Name of its key in the list of trusted ones, or else the key's fingerprint.
    problems : list of str
        What does not agree, in sentences.
    """

    form: str
    counts: Counter[str] = field(default_factory=Counter)
    summary: dict[str, Any] = field(default_factory=dict)
    expected: str | None = None
    found: str | None = None
    signature: Signature = Signature.NONE
    signer: str | None = None
    problems: list[str] = field(default_factory=list)


def check_report(path: str, trust: Trust | str | os.PathLike[str] | None = None) -> ReportCheck:
    """Check a report of ``napari-seal verify``.

    Parameters
    ----------
    path : str
        The report.
    trust : Trust or path-like, optional
        The public keys that are trusted; see `napari_seal.check`.

    Raises
    ------
    ReadError
        It cannot be read, or is no report.
    TrustError
        ``trust`` cannot be loaded.
    """
    judge = Judge(trust)
    try:
        with open(path, "rb") as file:
            beginning = file.read(4096)
            report = ReportCheck(_form(path, beginning))
            end = _End(file, report.form)
            report.expected = end.digest
            lines = end.lines(file)
            try:
                _READERS[report.form](lines, report)
            except (ValueError, TypeError, LookupError, RecursionError, csv.Error) as error:
                report.problems.append(f"It cannot be read to its end: {printable(error, 200)}.")
            for _ in lines:  # the digest is of all
                pass
            report.found = f"sha256:{end.sha256.hexdigest()}"
    except OSError as error:
        raise ReadError(f"{printable(path)}: {error.strerror or error}") from error
    _compare(report)
    _judge(report, end, judge)
    return report


def _judge(report: ReportCheck, end: _End, judge: Judge) -> None:
    """Note the state of the signature."""
    if end.signature is None:
        return
    created = report.summary.get("ended")
    judged = judge.judge(
        signed_text(end.signed.hexdigest()), end.signature, created if type(created) is str else ""
    )
    report.signature, report.signer = judged.state, judged.signer
    if judged.state is Signature.INVALID and judged.problem:
        report.problems.append(judged.problem)


def _form(path: str, beginning: bytes) -> str:
    for start, form in _BEGINNINGS.items():
        if beginning.startswith(start) and (form != "html" or _GENERATOR in beginning):
            return form
    raise ReadError(f"{printable(path)} is no report of napari-seal verify (JSON Lines, CSV, HTML)")


class _End:
    """The end of a report, and the digests of what stands before it while the lines pass."""

    def __init__(self, file: IO[bytes], form: str) -> None:
        size = os.fstat(file.fileno()).st_size
        file.seek(max(0, size - TAIL - SIGNED_TAIL))
        end = file.read(TAIL + SIGNED_TAIL)
        self.digest = read_digest(end[-TAIL:], form)
        self._digested = size - (0 if self.digest is None else TAIL)
        self.signature = None if self.digest is None else read_signature(end[:-TAIL], form)
        self._signed = self._digested - (0 if self.signature is None else SIGNED_TAIL)
        self.sha256 = hashlib.sha256()
        self.signed = hashlib.sha256()

    def lines(self, file: IO[bytes]) -> Iterator[bytes]:
        """Yield all lines from the first."""
        file.seek(0)
        at = 0
        while line := file.readline(limits.REPORT_LINE):
            self.sha256.update(line[: max(0, self._digested - at)])
            if self.signature is not None:
                self.signed.update(line[: max(0, self._signed - at)])
            at += len(line)
            yield line


def _read_jsonl(lines: Iterator[bytes], report: ReportCheck) -> None:
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            report.problems.append(f"Line {number:,} is no whole JSON object.")
            return
        if isinstance(row.get("summary"), dict):
            report.summary = row["summary"]
        else:
            report.counts[str(row.get("verdict"))] += 1


def _read_csv(lines: Iterator[bytes], report: ReportCheck) -> None:
    before = csv.field_size_limit(limits.REPORT_LINE)  # one cell has all reasons of a file
    try:
        rows = csv.reader(line.decode() for line in lines)
        columns = next(rows, [])  # earlier versions had fewer
        for number, row in enumerate(rows, 2):
            if len(row) != len(columns):
                raise ValueError(f"row {number:,} has {len(row)} cells, not {len(columns)}")
            if row[0] == CSV_SUMMARY:
                _unflatten(report.summary, row[-2], row[-1])
            elif row[0] not in ("#digest", "#signature"):
                report.counts[row[1]] += 1
    finally:
        csv.field_size_limit(before)


def _unflatten(summary: dict[str, Any], name: str, value: str) -> None:
    key, dot, inner = name.partition(".")
    if dot:
        entry = summary.setdefault(key, {})
        if isinstance(entry, dict):
            entry[inner] = int(value) if value.isdecimal() and len(value) < 20 else value
        return
    try:
        summary[key] = json.loads(value)
    except ValueError:  # a text stands there as it is
        summary[key] = value


def _read_html(lines: Iterator[bytes], report: ReportCheck) -> None:
    outcomes = [str(outcome) for outcome in page_html.OUTCOMES]
    inside = False
    for line in lines:
        if inside and line == b"]</script>\n":
            inside = False
        elif inside:
            row = json.loads(line.rstrip(b",\n"))
            place = 0 if isinstance(row, str) else row[1]
            report.counts[outcomes[place] if place in range(len(outcomes)) else str(place)] += 1
        elif line == page_html.NEW_ROWS:
            inside = True
        elif line.startswith(page_html.SUMMARY):
            summary = json.loads(line.removeprefix(page_html.SUMMARY).removesuffix(b"</script>\n"))
            report.summary = summary if isinstance(summary, dict) else {}


_READERS: Final = {"jsonl": _read_jsonl, "csv": _read_csv, "html": _read_html}


def _compare(report: ReportCheck) -> None:
    """Note what does not agree."""
    if not report.summary or report.expected is None:
        report.problems.append(
            "It has no summary and digest at its end: the run was stopped, or the report was cut "
            "or added to."
        )
        return
    if report.expected != report.found:
        report.problems.append("The content is not what was written: its digest is another.")
    counts, files = report.summary.get("counts", {}), report.summary.get("files")
    if not isinstance(counts, dict) or not all(map(_is_count, counts.values())):
        report.problems.append("The summary has no counts.")
        return
    if sum(counts.values()) != files:
        report.problems.append(
            f"The counts in the summary add up to {sum(counts.values()):,}, not to the number of "
            f"files, {printable(files)}."
        )
    if report.form == "html":  # a page lists only so many, the gravest for certain
        agree = all(number <= counts.get(word, 0) for word, number in report.counts.items())
        agree &= report.counts.total() == report.summary.get("listed")
    else:
        agree = dict(report.counts) == counts
    if not agree:
        report.problems.append("The rows are not those that the summary counts.")


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= _MOST


def order(counts: Counter[str]) -> Counter[str]:
    """The counts in the order of the verdict words, whatever else stands there last."""
    words = [str(outcome) for outcome in Outcome]
    known = {word: counts[word] for word in words if word in counts}
    return Counter(known | dict(counts))
