"""``napari-seal verify``: check files and folders."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

import click

from napari_seal._cli.ledger_options import ledger_options, open_ledger, shown_options
from napari_seal._cli.patterns import expand
from napari_seal._verify.verdict import Outcome, ReasonCode, Verdict

if TYPE_CHECKING:
    from typing import IO

#: Up to so many files, the intact ones are listed, too.
_FEW: Final = 25

#: Longest list in the terminal; the reports have them all.
_LISTED: Final = 500


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--jobs", type=click.IntRange(min=1), help="Worker processes; by default one a core.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: files and counts.")
@click.option("--jsonl", is_flag=True, help="Print one JSON object a line for each file.")
@click.option("--csv", "csv_file", metavar="FILE", help="Also write the verdicts to a .csv file.")
@click.option("--html", "html_file", metavar="FILE", help="Also write a report to an .html file.")
@click.option("--all", "list_all", is_flag=True, help="List intact files as well.")
@click.option("--full", is_flag=True, help="Also decode intact files and check every digest.")
@click.option(
    "--against", metavar="DIR", help="Also compare each file with its original in this folder."
)
@click.option("--allow-unsealed", is_flag=True, help="Images without a seal are no failure.")
@ledger_options
def verify(
    paths: tuple[str, ...],
    jobs: int | None,
    as_json: bool,
    jsonl: bool,
    csv_file: str | None,
    html_file: str | None,
    list_all: bool,
    full: bool,
    against: str | None,
    allow_unsealed: bool,
    **with_ledger: Any,
) -> None:
    """Check files, folders (with the folders in them) and glob patterns.

    With --against, the image data are made again from each original (TIFF, PNG or NPY of the same
    name) and compared; a file whose original is missing counts as a failure.

    With --ledger, each file is compared with what earlier runs found at its path, files that are
    gone are told at the end, and what is found is written into the ledger.

    Exit code: 0 if every file is intact, 1 if some file is not, 2 if nothing could be checked.
    """
    if as_json and jsonl:
        raise click.UsageError("--json and --jsonl cannot be combined")
    if csv_file is not None and not csv_file.lower().endswith(".csv"):
        raise click.UsageError(f"--csv writes a file that ends in .csv, not {csv_file!r}")
    if html_file is not None and not html_file.lower().endswith((".html", ".htm")):
        raise click.UsageError(f"--html writes a file that ends in .html, not {html_file!r}")
    from napari_seal._cli.console import progress
    from napari_seal._verify.run import check_many
    from napari_seal._verify.scan import EXTENSIONS, find_images

    named = list(expand(paths, EXTENSIONS))
    counts = _Counts()
    options = [f"--jobs {jobs}"] if jobs else []
    options += ["--full"] if full else []
    options += [f"--against {against}"] if against is not None else []
    options += ["--allow-unsealed"] if allow_unsealed else []
    options += shown_options(**with_ledger)
    with ExitStack() as stack:
        to_page = _open_page(stack, html_file, paths, options)
        watch = stack.enter_context(
            progress("verifying", lambda: sum(1 for _ in find_images(named)))
        )
        check_files = open_ledger(stack, **with_ledger) or check_many
        checked = check_files(named, jobs=jobs, full=full, against=against)
        verdicts = to_page(counts.watch(watch(checked)))
        if csv_file is not None:
            from napari_seal._verify.report import stream_csv

            verdicts = stream_csv(verdicts, stack.enter_context(_open_report(csv_file)))
        if jsonl:
            _print_lines(verdicts)
        elif as_json:
            _print_json(verdicts, counts)
        else:
            listed, left_out = _select(verdicts, list_all)
    if jsonl or as_json:
        _print_counts(counts)
    else:
        _print_table(listed, left_out, counts)
    accepted = {Outcome.INTACT, Outcome.NO_SEAL} if allow_unsealed else {Outcome.INTACT}
    failed = counts.not_compared or counts.seals_lost or (with_ledger["frozen"] and counts.new)
    sys.exit(0 if set(+counts) <= accepted and not failed else 1)


class _Counts(Counter[Outcome]):
    """Files by verdict, and what else there is to tell.

    How many could not be compared with an original; how many are new to a ledger; and how many have
    lost the seal that a ledger has recorded, so that they are not just images without one.
    """

    not_compared = new = seals_lost = 0

    def watch(self, verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
        """Count verdicts while passing them on."""
        for verdict in verdicts:
            self[verdict.verdict] += 1
            for reason in verdict.reasons:
                self.not_compared += reason.code in _NOT_COMPARED
                self.new += reason.code in _NEW
                self.seals_lost += reason.code is ReasonCode.NOT_THE_RECORDED_SEAL
            yield verdict


#: A ledger did not have the file at this path before.
_NEW: Final = frozenset((ReasonCode.EXTRA, ReasonCode.MOVED, ReasonCode.COPIED))


_NOT_COMPARED: Final = frozenset(
    (
        ReasonCode.ORIGINAL_MISSING,
        ReasonCode.ORIGINAL_NOT_COMPARABLE,
        ReasonCode.ORIGINAL_UNREADABLE,
    )
)


def _open_report(path: str) -> IO[str]:
    try:
        return open(path, "w", encoding="utf-8", newline="")
    except OSError as error:
        raise click.UsageError(f"{path!r} cannot be written: {error.strerror}") from error


def _open_page(
    stack: ExitStack, path: str | None, paths: tuple[str, ...], options: list[str]
) -> Callable[[Iterable[Verdict]], Iterator[Verdict]]:
    """What verdicts pass through on their way into the HTML report, if there is to be one."""
    if path is None:
        return iter
    from napari_seal._verify.page import html_report

    try:
        return stack.enter_context(html_report(path, paths=paths, options=options))
    except OSError as error:
        raise click.UsageError(f"{path!r} cannot be written: {error.strerror}") from error


def _select(verdicts: Iterable[Verdict], list_all: bool) -> tuple[list[Verdict], int]:
    """What to list, in bounded memory: all of a few files, else those that are not intact."""
    listed: list[Verdict] = []
    left_out = seen = 0
    for verdict in verdicts:
        seen += 1
        if seen == _FEW + 1 and not list_all:
            listed = [v for v in listed if not v.intact]
        if verdict.intact and not list_all and seen > _FEW:
            continue
        if len(listed) < _LISTED:
            listed.append(verdict)
        else:
            left_out += 1
    return listed, left_out


def _print_lines(verdicts: Iterable[Verdict]) -> None:
    from napari_seal._verify.report import json_line

    for verdict in verdicts:
        click.echo(json_line(verdict), nl=False)


def _print_json(verdicts: Iterable[Verdict], counts: Counter[Outcome]) -> None:
    click.echo('{"files": [', nl=False)
    for index, verdict in enumerate(verdicts):
        click.echo((",\n" if index else "\n") + json.dumps(verdict.as_dict()), nl=False)
    click.echo(f'\n], "counts": {json.dumps({str(k): n for k, n in counts.items()})}}}')


def _print_counts(counts: _Counts, *, stderr: bool = True) -> None:
    from napari_seal._cli.console import console, counts_line

    out = console(stderr=stderr)
    out.print(counts_line(counts))
    if counts.not_compared:
        number = "1 file" if counts.not_compared == 1 else f"{counts.not_compared:,} files"
        out.print(f"{number} could not be compared with an original.")
    if counts.new:
        number = "1 file is" if counts.new == 1 else f"{counts.new:,} files are"
        out.print(f"{number} new to the ledger: moved, copied or extra.")


def _print_table(listed: list[Verdict], left_out: int, counts: _Counts) -> None:
    from rich.text import Text

    from napari_seal._cli.console import console, outcome_text, reason_text, table
    from napari_seal._text import printable

    out = console()
    if listed:
        rows = table("verdict", "file", "why")
        for verdict in listed:
            rows.add_row(
                outcome_text(verdict.verdict), Text(printable(verdict.path)), reason_text(verdict)
            )
        out.print(rows)
    if any(len(verdict.reasons) > 1 for verdict in listed):
        out.print("All reasons of a file:  napari-seal show FILE")
    if left_out:
        out.print(f"… and {left_out:,} more; --csv and --jsonl give them all.")
    _print_counts(counts, stderr=False)
