"""``napari-seal ledger``: questions to a ledger, and what a person decides about its files."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from napari_seal._cli.ledger_options import look_into, required_ledger, root_option
from napari_seal._cli.ledger_proof import check, sign, statement, timestamp

if TYPE_CHECKING:
    from napari_seal._verify.ledger.entries import LedgerEntry
    from napari_seal._verify.ledger.ledger import Ledger
    from napari_seal._verify.ledger.manifest import LedgerFinding


#: Longest table in the terminal.
_LISTED: Final = 500


@click.group(short_help="Ask a ledger, accept changes, sign it.")
def ledger() -> None:
    """Look into a ledger that `verify --ledger` keeps.

    Exit code of the questions: 0 if there is nothing to tell, 1 if there is, 2 if they could not be
    answered.
    """


@ledger.command(short_help="List the runs, with the files by verdict.")
@required_ledger
def runs(ledger_file: str, ledger_root: str | None, as_json: bool) -> None:
    """List the runs: when, whether complete, and the files by verdict.

    Exit code: 0.
    """
    with ExitStack() as stack:
        found = look_into(stack, ledger_file, ledger_root).runs()
    if as_json:
        _print_json(run.as_dict() for run in found)
        return
    rows = []
    for run in found:
        counts = ", ".join(f"{number:,} {word}" for word, number in run.counts.items())
        rows.append((str(run.number), run.kind, run.state, run.begun, run.ended, counts))
    _print_table(("run", "what", "state", "begun", "ended", "files"), rows)


@ledger.command(short_help="List the files that changed between two runs.")
@click.argument("before", metavar="RUN1", type=int)
@click.argument("after", metavar="RUN2", type=int)
@required_ledger
def diff(before: int, after: int, ledger_file: str, ledger_root: str | None, as_json: bool) -> None:
    """List the files whose state after RUN2 is another than after RUN1, and since which run.

    Exit code: 0 if there is no such file, 1 if there is.
    """
    with ExitStack() as stack:
        changes = look_into(stack, ledger_file, ledger_root).diff(before, after)
        _tell(
            (
                (c.as_dict(), (c.path, c.before or "", c.after or "", str(c.run), c.when))
                for c in changes
            ),
            ("file", f"after run {before}", f"after run {after}", "since run", "of"),
            as_json,
            f"All files are in the same state after run {after} as after run {before}.",
        )


@ledger.command(short_help="List images that are there more than once.")
@required_ledger
def duplicates(ledger_file: str, ledger_root: str | None, as_json: bool) -> None:
    """List images that are there more than once, also where they were sealed differently.

    Exit code: 0 if there is none, 1 if there is.
    """
    with ExitStack() as stack:
        groups = look_into(stack, ledger_file, ledger_root).duplicates()
        _tell(
            (
                (
                    entry.as_dict() | {"identity": str(digest)},
                    (entry.path, str(digest), entry.verdict),
                )
                for digest, entries in groups
                for entry in entries
            ),
            ("file", "identity", "verdict"),
            as_json,
            "No image is there twice.",
        )


@ledger.command(short_help="List the files that are gone.")
@required_ledger
def missing(ledger_file: str, ledger_root: str | None, as_json: bool) -> None:
    """List the files that were not there when a run last looked for them.

    Exit code: 0 if there is none, 1 if there is.
    """
    with ExitStack() as stack:
        found = look_into(stack, ledger_file, ledger_root).missing()
        _tell_entries(found, as_json, "No file is missing.")


@ledger.command(short_help="List the files that no run has read for long.")
@click.option(
    "--days", type=click.FloatRange(min=0), default=365, show_default=True, help="How long ago."
)
@required_ledger
def stale(days: float, ledger_file: str, ledger_root: str | None, as_json: bool) -> None:
    """List the files that no run has read for so many days.

    Exit code: 0 if there is none, 1 if there is.
    """
    with ExitStack() as stack:
        found = look_into(stack, ledger_file, ledger_root).stale(days)
        _tell_entries(found, as_json, f"All files were verified within {days:g} days.")


@ledger.command(short_help="Show the states of a file, to see when it changed.")
@click.argument("file", metavar="FILE")
@required_ledger
def history(file: str, ledger_file: str, ledger_root: str | None, as_json: bool) -> None:
    """Show the states of a file from the first on, to see when it changed.

    Exit code: 0, or 2 if the ledger does not know the file.
    """
    with ExitStack() as stack:
        events = look_into(stack, ledger_file, ledger_root).history(file)
    if as_json:
        _print_json(event.as_dict() for event in events)
        return
    rows = []
    for event in events:
        why = [*event.messages, *((f"Then: {event.note}",) if event.note is not None else ())]
        identity = event.source or event.pixels
        shown = identity.hex[:12] if identity is not None else ""
        rows.append((str(event.run), event.when, event.verdict, shown, " ".join(why)))
    _print_table(("since run", "of", "verdict", "image", "why"), rows)


@ledger.command(short_help="Make files, as they are today, the reference.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--ledger", "ledger_file", metavar="FILE", required=True, help="The ledger.")
@click.option("--note", default="", help="Why; kept in the history.")
@root_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def accept(
    files: tuple[str, ...], ledger_file: str, note: str, ledger_root: str | None, as_json: bool
) -> None:
    """Make files, as they are today, the reference for the runs to come.

    They must be intact by themselves.  A file that is gone is no longer expected.  What was
    recorded before stays in the history.

    Exit code: 0, or 2 if some file cannot be accepted; then none is.
    """
    from napari_seal._verify.ledger.ledger import Ledger

    with Ledger.open(ledger_file, root=ledger_root) as opened:
        run = opened.accept(files, note)
    number = "1 file" if len(files) == 1 else f"{len(files):,} files"
    click.echo(json.dumps({"run": run}) if as_json else f"{number} accepted, as run {run}.")


_format_option = click.option(
    "--format", "form", type=click.Choice(("sha256sum", "bagit")),
    help="By default what the name says: BagIt's is manifest-sha256.txt.",
)  # fmt: skip
_jobs_option = click.option("--jobs", type=click.IntRange(min=1), help="Worker processes.")


@ledger.command(short_help="Write a manifest for sha256sum -c or BagIt.")
@click.option("--out", metavar="FILE", required=True, help="The manifest to write.")
@_format_option
@_jobs_option
@click.option("--overwrite", is_flag=True, help="Replace an existing file.")
@required_ledger
def manifest(
    out: str,
    form: str | None,
    jobs: int | None,
    overwrite: bool,
    ledger_file: str,
    ledger_root: str | None,
    as_json: bool,
) -> None:
    """Write a manifest that sha256sum -c or BagIt tools read.

    All files are read, checked, and digested; those that are intact, and what the ledger knows, get
    a line with the SHA-256 of the whole file.

    Exit code: 0 if all files of the ledger are in it, 1 if some are not.
    """
    with ExitStack() as stack:
        opened = look_into(stack, ledger_file, ledger_root)
        _tell_findings(
            opened,
            opened.write_manifest(out, form=form, jobs=jobs, overwrite=overwrite),
            as_json,
            "All {} files of the ledger are in the manifest.",
        )


@ledger.command("check-manifest", short_help="Compare a manifest with files and ledger.")
@click.argument("file", metavar="FILE")
@_format_option
@_jobs_option
@required_ledger
def check_manifest(
    file: str,
    form: str | None,
    jobs: int | None,
    ledger_file: str,
    ledger_root: str | None,
    as_json: bool,
) -> None:
    """Compare a manifest of sha256sum or BagIt with the files and with the ledger.

    Exit code: 0 if all three agree, 1 if not.
    """
    with ExitStack() as stack:
        opened = look_into(stack, ledger_file, ledger_root)
        _tell_findings(
            opened,
            opened.check_manifest(file, form=form, jobs=jobs),
            as_json,
            "Manifest, ledger and all {} files agree.",
        )


@ledger.command("import", short_help="Take a manifest for the reference.")
@click.argument("file", metavar="MANIFEST")
@click.option(
    "--ledger", "ledger_file", metavar="FILE", required=True,
    help="The ledger; it is made if there is none.",
)  # fmt: skip
@click.option("--base", metavar="DIR", help="What names are relative to, if not the ledger's root.")
@_format_option
@root_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def import_manifest(
    file: str,
    ledger_file: str,
    base: str | None,
    form: str | None,
    ledger_root: str | None,
    as_json: bool,
) -> None:
    """Take the digests in a manifest, as sha256sum or BagIt tools wrote it, for a reference.

    No file is read; the next `verify --ledger` compares: a file that is not the one that is listed
    is substituted, with a seal or without; one that is not there is missing.  Lines of files that
    are not named like images are counted and not taken.  Digests may be MD5, SHA-1 or SHA-2.

    Exit code: 0, or 2 if some line cannot be taken; then none is.
    """
    from napari_seal._verify.ledger.ledger import Ledger

    with Ledger.open(ledger_file, create=True, root=ledger_root) as opened:
        run = opened.import_manifest(file, form=form, base=base)
    if as_json:
        click.echo(json.dumps(run.as_dict()))
        return
    listed, known, others = (run.counts.get(w, 0) for w in ("listed", "known", "not-an-image"))
    click.echo(
        f"{_files(listed)} listed now, as run {run.number}"
        + (f"; {known:,} had been" if known else "")
        + ". The next `napari-seal verify --ledger` compares them."
    )
    if others:
        click.echo(
            f"{_files(others)} of other kinds: not taken, and not compared by any run; "
            "`ledger check-manifest` compares them."
        )


def _files(number: int) -> str:
    return "1 file is" if number == 1 else f"{number:,} files are"


for _command in (check, sign, statement, timestamp):
    ledger.add_command(_command)


def _tell_findings(
    opened: Ledger, findings: Iterable[LedgerFinding], as_json: bool, all_agree: str
) -> NoReturn:
    """Print what does not agree, and end with the exit code that says whether anything did not."""
    from napari_seal._cli.progress import progress

    number = 0

    def wrong() -> Iterator[LedgerFinding]:
        nonlocal number
        for finding in watch(findings):
            number += 1
            if not finding.agrees:
                yield finding

    with progress("reading", opened.files, "files") as watch:
        disagreeing = wrong()
        listed = list(itertools.islice(disagreeing, None if as_json else _LISTED))
        more = sum(1 for _ in disagreeing)
    if as_json:
        files = [finding.as_dict() for finding in listed]
        click.echo(json.dumps({"files": number, "disagreeing": files}))
    elif listed:
        _print_table(("file", "what", "why"), [(f.path, f.word, f.message) for f in listed])
        click.echo(f"{len(listed) + more:,} of {number:,} files do not agree.")
    else:
        click.echo(all_agree.format(f"{number:,}"))
    if not number:
        click.echo("There was not one file.", err=True)
        sys.exit(2)
    sys.exit(1 if listed else 0)


def _tell_entries(entries: Iterable[LedgerEntry], as_json: bool, none: str) -> NoReturn:
    _tell(
        (
            (e.as_dict(), (e.path, e.verdict, str(e.identity or ""), e.last_verified))
            for e in entries
        ),
        ("file", "verdict", "identity", "last verified"),
        as_json,
        none,
    )


def _tell(
    found: Iterable[tuple[dict[str, Any], tuple[str, ...]]],
    columns: tuple[str, ...],
    as_json: bool,
    none: str,
) -> NoReturn:
    """Print what was found, and end with the exit code that says whether it was anything."""
    objects = iter(found)
    if as_json:
        number = _print_json(value for value, _ in objects)
        sys.exit(1 if number else 0)
    rows = [row for _, row in itertools.islice(objects, _LISTED)]
    if not rows:
        click.echo(none)
        sys.exit(0)
    _print_table(columns, rows)
    more = sum(1 for _ in objects)
    if more:
        click.echo(f"… and {more:,} more; --json gives them all.")
    sys.exit(1)


def _print_json(objects: Iterable[dict[str, Any]]) -> int:
    """Print a list as it comes, and return its length."""
    number = 0
    for value in objects:
        click.echo((",\n" if number else "[\n") + json.dumps(value), nl=False)
        number += 1
    click.echo("\n]" if number else "[]")
    return number


def _print_table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    from rich.text import Text

    from napari_seal._cli.console import console, table
    from napari_seal._text import printable

    shown = table(*columns)
    for row in rows:
        shown.add_row(*(Text(printable(cell)) for cell in row))
    console().print(shown)
