"""``napari-seal report``: whether a report is what was written."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from napari_seal._verify.report.report_check import ReportCheck


@click.group(short_help="Check the reports that verify writes.")
def report() -> None:
    """Check the reports that verify writes."""


@report.command("check", short_help="Check whether a report is what was written.")
@click.argument("file", metavar="FILE")
@click.option("--trust", metavar="PATH", help="The public keys that are trusted: a folder or file.")
@click.option(
    "--require-signature", is_flag=True, help="It is a failure if no trusted key has signed."
)
def check(file: str, trust: str | None, require_signature: bool) -> None:
    """Check a report: its digest, its signature, and its counts beside its rows.

    FILE is what verify wrote as JSON Lines, CSV or HTML.  This finds what was cut off, edited or
    saved again by another program.

    Exit code: 0 if all of it agrees, 1 if not, 2 if FILE is no report or cannot be read.
    """
    from napari_seal._verify.report.report_check import check_report

    found = check_report(file, trust)
    if require_signature and found.signature != "trusted":
        found.problems.append("It is not signed with a trusted key.")
    _print(file, found)
    sys.exit(1 if found.problems else 0)


_NAMES = {"jsonl": "JSON Lines", "csv": "CSV", "html": "HTML page"}


def _print(file: str, found: ReportCheck) -> None:
    from rich.text import Text

    from napari_seal._cli.console import console, table
    from napari_seal._text import printable
    from napari_seal._verify.looks import COLOURS, SIGNS, Tone
    from napari_seal._verify.report.report_check import order
    from napari_seal._verify.report.summary import count_line

    out = console()
    out.print(Text(f"{printable(file)}: {_NAMES[found.form]}", style="bold"))
    rows = table("report", "")
    for name, value in (
        ("rows", count_line(order(found.counts))),
        *((name, _plain(value)) for name, value in found.summary.items()),
        ("digest expected", found.expected or "none"),
        ("digest found", found.found or "none"),
        ("signature", found.signature.meaning),
        *((("signer", found.signer),) if found.signer is not None else ()),
    ):
        rows.add_row(printable(name, 60), Text(printable(value)))
    out.print(rows)
    for problem in found.problems:
        out.print(Text(f"{SIGNS[Tone.BAD]} {problem}", style=COLOURS[Tone.BAD].text))
    if not found.problems:
        text = "The report is what was written; its counts are those of its rows."
        out.print(Text(f"{SIGNS[Tone.GOOD]} {text}", style=COLOURS[Tone.GOOD].text))
        if not found.summary.get("complete", True):
            why = printable(found.summary.get("stopped", "no reason is given"), 200)
            out.print(f"The run itself was stopped before all files were checked: {why}.")


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {item}" for name, item in value.items())
    if isinstance(value, list):
        return " ".join(str(item) for item in value) or "none"
    return {True: "yes", False: "no"}.get(value, str(value)) if type(value) is bool else str(value)
