"""``napari-seal verify``: check files and folders."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

import click

from napari_seal._cli.key_options import key_options
from napari_seal._cli.ledger_options import (
    ledger_options,
    open_ledger,
    shown_options,
    sign_ledger,
)
from napari_seal._cli.patterns import expand
from napari_seal._cli.spans import Span
from napari_seal._trust.states import Signature
from napari_seal._verify.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from napari_seal._trust.keys import SigningKey
    from napari_seal._verify.reasons import Reason
    from napari_seal._verify.report.report import Watch
    from napari_seal._verify.report.summary import Run
    from napari_seal._verify.run import CheckRun

#: Up to so many files, the intact ones are listed, too.
_FEW: Final = 25

#: Longest list in the terminal; the reports have them all.
_LISTED: Final = 500


@click.command(short_help="Check files and folders; write reports.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--jobs", type=click.IntRange(min=1), help="Worker processes; by default one a core.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: files and counts.")
@click.option("--jsonl", is_flag=True, help="Print one JSON object a line for each file.")
@click.option("--jsonl-file", metavar="FILE", help="Also write these lines to a .jsonl file.")
@click.option("--csv", "csv_file", metavar="FILE", help="Also write the verdicts to a .csv file.")
@click.option("--html", "html_file", metavar="FILE", help="Also write a report to an .html file.")
@click.option("--all", "list_all", is_flag=True, help="List intact files as well.")
@click.option("--full", is_flag=True, help="Also decode intact files and check every digest.")
@click.option(
    "--against", metavar="DIR", help="Also compare each file with its original in this folder."
)
@click.option(
    "--timeout",
    type=Span(),
    help="Time that one file may take, or the next name in a folder; else it is unreadable.",
)
@click.option("--time-limit", type=Span(), help="Time that the run may take, such as 90 or 1h30m.")
@click.option("--dask", metavar="ADDRESS", help="Check on the Dask cluster of this scheduler.")
@click.option("--trust", metavar="PATH", help="The public keys that are trusted: a folder or file.")
@click.option(
    "--require-signature", is_flag=True, help="A file without a trusted signature is a failure."
)
@click.option("--allow-unsealed", is_flag=True, help="Images without a seal are no failure.")
@key_options
@ledger_options
def verify(
    paths: tuple[str, ...],
    jobs: int | None,
    as_json: bool,
    jsonl: bool,
    jsonl_file: str | None,
    csv_file: str | None,
    html_file: str | None,
    list_all: bool,
    full: bool,
    against: str | None,
    timeout: float | None,
    time_limit: float | None,
    dask: str | None,
    trust: str | None,
    require_signature: bool,
    allow_unsealed: bool,
    key: str | None,
    passphrase_file: str | None,
    **with_ledger: Any,
) -> None:
    """Check files, folders (with the folders in them) and glob patterns.

    A stack is named by its folder or its index: planes that are missing, or in the place of
    another, are told.

    With --against, the image data are made again from each original (a file of the same name that
    `seal` reads) and compared; a file whose original is missing counts as a failure.

    Signatures are judged by --trust, else by the list that NAPARI_SEAL_TRUST names, else by the
    user's own.  A file whose signature was taken out is found with --require-signature alone.

    With --key, the reports and the ledger are signed at the end of the run.

    With --ledger, each file is compared with what earlier runs found at its path, files that are
    gone are told at the end, and what is found is written into the ledger.

    Exit code: 0 if every file is intact, 1 if some file is not or was not checked for want of time,
    2 if nothing could be checked, 130 after Control-C.
    """
    if as_json and jsonl:
        raise click.UsageError("--json and --jsonl cannot be combined")
    if dask is not None and (jobs is not None or timeout is not None):
        raise click.UsageError(
            "--dask goes without --jobs and --timeout: a cluster has its own workers"
        )
    if require_signature and allow_unsealed:
        raise click.UsageError("an image without a seal has no signature: --require-signature or "
                               "--allow-unsealed")  # fmt: skip
    if key is not None and not any((jsonl, jsonl_file, csv_file, html_file, *with_ledger.values())):
        raise click.UsageError("--key signs reports and ledgers: name one (--csv, --ledger, ...)")
    _check_name("--jsonl-file", jsonl_file, ".jsonl")
    _check_name("--csv", csv_file, ".csv")
    _check_name("--html", html_file, ".html", ".htm")
    from napari_seal._cli.progress import run_progress
    from napari_seal._trust.judge import signer_of
    from napari_seal._verify.report.summary import Run
    from napari_seal._verify.run import check_without_seals
    from napari_seal._verify.scan import EXTENSIONS

    named = list(expand(paths, EXTENSIONS))
    options = [f"--jobs {jobs}"] if jobs else []
    options += ["--full"] if full else []
    options += [f"--against {against}"] if against is not None else []
    options += [f"--timeout {timeout:g}"] if timeout is not None else []
    options += [f"--time-limit {time_limit:g}"] if time_limit is not None else []
    options += [f"--dask {dask}"] if dask is not None else []
    options += [f"--trust {trust}"] if trust is not None else []
    options += ["--require-signature"] if require_signature else []
    options += ["--allow-unsealed"] if allow_unsealed else []
    options += shown_options(**with_ledger)
    signing = None if key is None else _signing_key(key, passphrase_file)
    run = Run(paths=paths, options=options, signer=signer_of(signing))
    run.require_signature = require_signature
    counts = _Counts(run)
    with ExitStack() as stack:
        reports = _open_reports(stack, run, jsonl_file, csv_file, html_file)
        client = None
        if dask is not None:
            from napari_seal._dask import connect

            client = stack.enter_context(connect(dask))
        check_files = open_ledger(stack, **with_ledger) or check_without_seals
        checked = check_files(
            named,
            jobs=jobs,
            full=full,
            against=against,
            trust=trust,
            timeout=timeout,
            time_limit=time_limit,
            progress=stack.enter_context(run_progress("verifying")),
            client=client,
        )
        stack.push(counts.print_if_interrupted)
        stack.callback(checked.close)
        verdicts = _note_stop(counts.watch(checked), checked, run)
        for report in reports:
            verdicts = report(verdicts)
        if jsonl:
            _print_lines(verdicts, run)
        elif as_json:
            _print_json(verdicts, counts)
        else:
            listed, left_out = _select(verdicts, list_all, require_signature)
    if jsonl or as_json:
        _print_counts(counts)
    else:
        _print_table(listed, left_out, counts)
    if signing is not None and with_ledger["ledger_file"] is not None:
        sign_ledger(with_ledger["ledger_file"], signing, complete=checked.stopped is None)
    accepted = {Outcome.INTACT, Outcome.NO_SEAL} if allow_unsealed else {Outcome.INTACT}
    if checked.stopped is not None:
        _print_stopped(checked)
    failed = (
        counts.run.not_trusted
        or counts.not_compared
        or counts.seals_lost
        or (with_ledger["frozen"] and counts.new)
    )
    good = set(+counts) <= accepted and not failed and checked.stopped is None
    sys.exit(0 if good else 1)


def _signing_key(path: str, passphrase_file: str | None) -> SigningKey:
    from napari_seal._cli.keys import ask_for_key

    return ask_for_key(path, passphrase_file)


def _note_stop(verdicts: Iterable[Verdict], checked: CheckRun, run: Run) -> Iterator[Verdict]:
    """Let reports know, before they end, that the run ended early."""
    yield from verdicts
    run.stopped = checked.stopped


class _Counts(Counter[Outcome]):
    """Files by verdict, and what else there is to tell.

    How many could not be compared with an original; how many are new to a ledger; and how many have
    lost the seal that a ledger has recorded, so that they are not just images without one.
    """

    not_compared = new = seals_lost = 0

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run

    def watch(self, verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
        """Count verdicts while passing them on."""
        for verdict in verdicts:
            self[verdict.verdict] += 1
            self.run.signatures[verdict.signature] += 1
            if verdict.reasons:
                self._count_reasons(verdict.reasons)
            yield verdict

    def _count_reasons(self, reasons: Iterable[Reason]) -> None:
        from napari_seal._verify.reasons import ReasonCode as Code

        for reason in reasons:
            self.not_compared += reason.code in (
                Code.ORIGINAL_MISSING,
                Code.ORIGINAL_NOT_COMPARABLE,
                Code.ORIGINAL_UNREADABLE,
            )
            # A ledger did not have the file at this path before.
            self.new += reason.code in (Code.EXTRA, Code.MOVED, Code.COPIED)
            self.seals_lost += reason.code is Code.NOT_THE_RECORDED_SEAL

    def print_if_interrupted(self, kind: type[BaseException] | None, *_: object) -> None:
        """Print the counts so far when the run ends by Control-C."""
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            _print_counts(self)


def _check_name(option: str, path: str | None, *endings: str) -> None:
    """Refuse to write a report over what is hardly one."""
    if path is not None and not path.lower().endswith(endings):
        raise click.UsageError(f"{option} writes a file that ends in {endings[0]}, not {path!r}")


def _open_reports(
    stack: ExitStack, run: Run, jsonl_file: str | None, csv_file: str | None, html_file: str | None
) -> list[Watch]:
    """What verdicts pass through on their way into files."""
    if jsonl_file is csv_file is html_file is None:
        return []
    from napari_seal._verify.report.page import html_report
    from napari_seal._verify.report.report import csv_report, jsonl_report

    wanted = ((jsonl_file, jsonl_report), (csv_file, csv_report), (html_file, html_report))
    opened = []
    for path, open_report in wanted:
        if path is None:
            continue
        try:
            opened.append(stack.enter_context(open_report(path, run)))
        except OSError as error:
            raise click.UsageError(f"{path!r} cannot be written: {error.strerror}") from error
    return opened


def _select(verdicts: Iterable[Verdict], list_all: bool, signed: bool) -> tuple[list[Verdict], int]:
    """What to list, in bounded memory: all of a few files, else those that are no success."""
    listed: list[Verdict] = []
    left_out = seen = 0
    for verdict in verdicts:
        seen += 1
        if seen == _FEW + 1 and not list_all:
            listed = [v for v in listed if not _is_success(v, signed)]
        if _is_success(verdict, signed) and not list_all and seen > _FEW:
            continue
        if len(listed) < _LISTED:
            listed.append(verdict)
        else:
            left_out += 1
    return listed, left_out


def _is_success(verdict: Verdict, signed: bool) -> bool:
    return verdict.intact and (not signed or verdict.signature is Signature.TRUSTED)


def _print_lines(verdicts: Iterable[Verdict], run: Run) -> None:
    from napari_seal._verify.report.report import stream_jsonl

    out = sys.stdout.buffer  # bytes: the digest is of what arrives
    for _ in stream_jsonl(verdicts, out.write, run):
        out.flush()
    out.flush()


def _print_json(verdicts: Iterable[Verdict], counts: _Counts) -> None:
    before = '{"files": ['  # not at once: where there is nothing to check, nothing is printed
    for verdict in verdicts:
        click.echo(f"{before}\n{json.dumps(verdict.as_dict())}", nl=False)
        before = ","
    signatures = json.dumps({str(k): n for k, n in counts.run.signatures.items()})
    words = json.dumps({str(k): n for k, n in counts.items()})
    click.echo(f'\n], "counts": {words}, "signatures": {signatures}}}')


def _print_counts(counts: _Counts, *, stderr: bool = True) -> None:
    from napari_seal._cli.console import echo, echo_counts, echo_signatures

    echo_counts(counts, err=stderr)
    echo_signatures(counts.run.signatures, err=stderr)
    if missing := counts.run.not_trusted:
        number = "1 file has" if missing == 1 else f"{missing:,} files have"
        echo(f"{number} no trusted signature, which --require-signature asks for.", err=stderr)
    if counts.not_compared:
        number = "1 file" if counts.not_compared == 1 else f"{counts.not_compared:,} files"
        echo(f"{number} could not be compared with an original.", err=stderr)
    if counts.new:
        number = "1 file is" if counts.new == 1 else f"{counts.new:,} files are"
        echo(f"{number} new to the ledger: moved, copied or extra.", err=stderr)


def _print_stopped(checked: CheckRun) -> None:
    from napari_seal._cli.console import echo

    of = f"of {checked.total:,} files" if checked.total is not None else "files"
    echo(
        f"Stopped by --time-limit: {checked.done:,} {of} were checked, the others were not.",
        err=True,
    )


def _print_table(listed: list[Verdict], left_out: int, counts: _Counts) -> None:
    from napari_seal._cli.console import echo, echo_listed, print_table

    if any(verdict.reasons for verdict in listed):
        print_table(listed)
    else:
        echo_listed(listed)
    if any(len(verdict.reasons) > 1 for verdict in listed):
        echo("All reasons of a file:  napari-seal show FILE")
    if left_out:
        echo(f"… and {left_out:,} more; --csv and --jsonl give them all.")
    _print_counts(counts, stderr=False)
