"""``napari-seal adopt``: seal JPEG files that are there, without encoding them again."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any, Final

import click

from napari_seal._cli.key_options import key_options
from napari_seal._cli.spans import Span
from napari_seal._text import printable
from napari_seal.errors import OptionError

if TYPE_CHECKING:
    from napari_seal._adopt.run import AdoptRun, Done

#: Longest list in the terminal; --jsonl has them all.
_LISTED: Final = 500
#: As `Refusal` has them; a test compares them, so that help is shown at once.
FORCEABLE: Final = (
    *("sha244-broken", "seal-removed", "c2pa", "offsets", "not-a-number", "hard-links"),
)


@click.command(short_help="Seal JPEG files as they are, not compressed again.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--out", metavar="DIR", help="Write sealed copies into this folder.")
@click.option("--in-place", is_flag=True, help="Replace each file by the sealed one.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and write nothing.")
@click.option("--metadata", metavar="JSON|@FILE", help="A JSON object that every seal carries.")
@click.option(
    "--force",
    multiple=True,
    type=click.Choice(FORCEABLE),
    help="Adopt files in spite of this, which the seal then says; may be given several times.",
)
@click.option(
    "--algorithm",
    type=click.Choice(["sha256", "blake3"]),
    default="sha256",
    show_default=True,
    help="Of the digests.",
)
@click.option("--jobs", type=click.IntRange(min=1), help="Worker processes; by default one a core.")
@click.option("--time-limit", type=Span(), help="Time that the run may take, such as 90 or 1h30m.")
@click.option("--jsonl", is_flag=True, help="Print one JSON object a line for each file.")
@key_options
def adopt(
    paths: tuple[str, ...],
    out: str | None,
    in_place: bool,
    dry_run: bool,
    metadata: str | None,
    force: tuple[str, ...],
    algorithm: str,
    jobs: int | None,
    time_limit: float | None,
    jsonl: bool,
    key: str | None,
    passphrase_file: str | None,
) -> None:
    """Give JPEG files that are there a full seal; their image data are not touched.

    For files of the MoEDAL function (sha244), and plain ones from whatever software: files,
    folders (with the folders in them) and glob patterns.  The seal says that the file was adopted,
    and when; it proves nothing of the time before.

    Files that are sealed already are left alone (with --out, copied as they are), so that a run
    which was stopped is gone on with by starting it again.

    Exit code: 0 if every file is adopted or was sealed already, 1 if some was refused or not
    reached for want of time, 2 if nothing could be adopted, 130 after Control-C.
    """
    if in_place and out is not None:
        raise click.UsageError("either --in-place or --out")
    if not in_place and out is None and not dry_run:
        raise click.UsageError(
            "--out DIR for sealed copies, --in-place to replace the files, or --dry-run"
        )
    from napari_seal._adopt.adopt import Adopting
    from napari_seal._adopt.run import JPEG_EXTENSIONS, AdoptRun, find_tasks
    from napari_seal._cli.patterns import expand
    from napari_seal._cli.progress import progress
    from napari_seal._cli.seal_options import read_metadata
    from napari_seal._seal.pipeline import check_algorithm

    check_algorithm(algorithm)
    signing = None
    if key is not None:
        from napari_seal._cli.keys import ask_for_key

        signing = ask_for_key(key, passphrase_file)
    adopting = Adopting(read_metadata(metadata), force, algorithm, signing, dry_run)
    named = list(expand(paths, JPEG_EXTENSIONS))
    counts: Counter[str] = Counter()
    listed: list[Done] = []
    with ExitStack() as stack:
        # They are counted only where somebody watches: that is a walk through all folders.
        total = sum(1 for _ in find_tasks(named, out)) if sys.stderr.isatty() else 0
        watch = stack.enter_context(progress("adopting", total, "files"))
        run = stack.enter_context(
            closing(AdoptRun(find_tasks(named, out), adopting, jobs=jobs, time_limit=time_limit))
        )
        stack.push(lambda kind, *_: _print_interrupted(kind, counts, dry_run))
        for done in _print_lines(watch(run), dry_run) if jsonl else watch(run):
            counts[done.state] += 1
            if done.state == "refused":
                counts[f"refused {done.code}"] += 1
                if len(listed) < _LISTED:
                    listed.append(done)
            elif done.sha244 is not None:
                counts[f"sha244 {done.sha244}"] += 1
    if not counts:
        raise OptionError("there was not one JPEG file in what was named: nothing was adopted")
    _finish(run, counts, listed, dry_run=dry_run, jsonl=jsonl, time_limit=time_limit)


def _print_lines(results: Iterable[Done], dry_run: bool) -> Iterator[Done]:
    for done in results:
        line: dict[str, Any] = done.as_dict()
        if dry_run:
            line["dry_run"] = True
        click.echo(json.dumps(line))
        yield done


def _finish(
    run: AdoptRun,
    counts: Counter[str],
    listed: list[Done],
    *,
    dry_run: bool,
    jsonl: bool,
    time_limit: float | None,
) -> None:
    """Print what is left to tell, and end."""
    if listed and not jsonl:
        from rich.text import Text

        from napari_seal._cli.console import console, table

        rows = table("not adopted", "code", "why")
        for done in listed:
            rows.add_row(
                Text(printable(done.path)), Text(done.code or ""), Text(printable(done.message))
            )
        console().print(rows)
        if counts["refused"] > len(listed):
            click.echo(f"… and {counts['refused'] - len(listed):,} more; --jsonl gives them all.")
    _print_counts(counts, dry_run, err=jsonl)
    if not run.complete:
        click.echo(f"Stopped after {time_limit:g} s: not all files were reached.", err=True)
    sys.exit(1 if counts["refused"] or not run.complete else 0)


def _print_counts(counts: Counter[str], dry_run: bool, *, err: bool) -> None:
    """Counts that add up to the number of files."""
    total = sum(counts[state] for state in ("adopted", "sealed", "refused"))
    verb = "would be adopted" if dry_run else "adopted"
    moedal = [
        f"{counts[f'sha244 {state}']:,} with sha244 {state}"
        for state in ("intact", "broken")
        if counts[f"sha244 {state}"]
    ]
    detail = f" ({', '.join(moedal)})" if moedal else ""
    click.echo(
        f"{total:,} {'file' if total == 1 else 'files'}: {counts['adopted']:,} {verb}{detail}, "
        f"{counts['sealed']:,} sealed already, {counts['refused']:,} refused",
        err=err,
    )
    refused = {k.removeprefix("refused "): n for k, n in counts.items() if k.startswith("refused ")}
    if len(refused) > 1:
        parts = ", ".join(f"{number:,} {code}" for code, number in Counter(refused).most_common())
        click.echo(f"refused: {parts}", err=err)


def _print_interrupted(
    kind: type[BaseException] | None, counts: Counter[str], dry_run: bool
) -> None:
    if kind is not None and issubclass(kind, KeyboardInterrupt):
        _print_counts(counts, dry_run, err=True)
