"""``napari-seal ledger check``, ``sign``, ``timestamp`` and ``statement``: what a ledger proves."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import click

from napari_seal._cli.key_options import load_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.text import Text

    from napari_seal._verify.ledger.ledger import Ledger
    from napari_seal._verify.ledger.proof import LedgerCheck
    from napari_seal._verify.ledger.statements import LedgerStatement

_ledger = click.argument("file", metavar="LEDGER")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_tsa_ca: Final = {
    "metavar": "PEM",
    "help": "Certificates that lead to the time-stamp authority's, as its operator publishes them.",
}


def _open(stack: ExitStack, file: str, *, write: bool) -> Ledger:
    from napari_seal._verify.ledger.ledger import Ledger

    return stack.enter_context(Ledger.open(file, read_only=not write))


@click.command()
@_ledger
@click.option("--head", metavar="DIGEST", help="The head of the chain, as it was noted down.")
@click.option("--statement", metavar="FILE", help="A statement that was kept elsewhere.")
@click.option("--trust", metavar="PATH", help="The public keys that are trusted: folder or file.")
@click.option(
    "--require-signature", is_flag=True, help="It is a failure if no trusted key has signed."
)
@click.option("--tsa-ca", **_tsa_ca)
@_json
def check(
    file: str,
    head: str | None,
    statement: str | None,
    trust: str | None,
    require_signature: bool,
    tsa_ca: str | None,
    as_json: bool,
) -> None:
    """Check whether a ledger is what its runs left, and what was signed of it.

    Looks at the database itself, at the chain of runs, at all statements in the ledger and at the
    one in FILE, with the time stamp in FILE.tsr.  No network is needed.  With --tsa-ca, time stamps
    are verified, and there must be one.

    Exit code: 0 if all of it agrees, 1 if not, 2 if LEDGER is no ledger.
    """
    with ExitStack() as stack:
        opened = _open(stack, file, write=False)
        found = opened.check(head=head, statement=statement, trust=trust, tsa_ca=tsa_ca)
    lacking = list(_lacking(found, require_signature, stamped=tsa_ca is not None))
    if as_json:
        click.echo(json.dumps({**found.as_dict(), "lacking": lacking}))
    else:
        _print(file, found, lacking)
    sys.exit(0 if found.agrees and not lacking else 1)


def _lacking(found: LedgerCheck, signed: bool, *, stamped: bool) -> Iterator[str]:
    """What was asked for and is not there."""
    good = [statement for statement in found.statements if not statement.problems]
    if signed and not any(statement.signature == "trusted" for statement in good):
        yield "No statement is signed with a trusted key."
    if stamped and not any(statement.timestamps for statement in good):
        yield "No statement has a time stamp that holds."


@click.command()
@_ledger
@click.option("--key", metavar="PEM", required=True, help="The private key to sign with.")
@_json
def sign(file: str, key: str, as_json: bool) -> None:
    """Sign a ledger as it is now: all runs so far, and what it knows of the files.

    The statement is kept in the ledger; `ledger statement` writes it to a file, to be kept
    elsewhere.  A ledger whose chain of runs is broken is not signed.

    Exit code: 0, or 2 if it is not signed.
    """
    signing = load_key(key)
    with ExitStack() as stack:
        made = _open(stack, file, write=True).sign(signing)
    _tell(made, as_json, "Signed")


@click.command()
@_ledger
@click.option("--tsa", metavar="URL", required=True, help="Address of a time-stamp authority.")
@click.option("--tsa-ca", required=True, **_tsa_ca)
@click.option("--key", metavar="PEM", help="Sign the ledger first, with this private key.")
@_json
def timestamp(file: str, tsa: str, tsa_ca: str, key: str | None, as_json: bool) -> None:
    """Have the last statement about a ledger time-stamped (RFC 3161).

    If a run was finished since, or there is no statement, one is made first.  The authority sees a
    digest, and nothing else.  Its reply is verified and kept in the ledger.

    Exit code: 0, or 2 if there is no time stamp.
    """
    signing = None if key is None else load_key(key)
    with ExitStack() as stack:
        made = _open(stack, file, write=True).timestamp(tsa, tsa_ca, key=signing)
    _tell(made, as_json, "Time-stamped")


@click.command()
@_ledger
@click.option("--out", metavar="FILE", required=True, help="Where to write it.")
@click.option("--overwrite", is_flag=True, help="Replace existing files.")
@_json
def statement(file: str, out: str, overwrite: bool, as_json: bool) -> None:
    """Write the last statement about a ledger to FILE, and its time stamp to FILE.tsr.

    Exit code: 0, or 2 if there is none.
    """
    with ExitStack() as stack:
        found = _open(stack, file, write=False).write_statement(out, overwrite=overwrite)
    _tell(found, as_json, "Written")


def _tell(made: LedgerStatement, as_json: bool, done: str) -> None:
    if as_json:
        click.echo(json.dumps(made.as_dict()))
        return
    from napari_seal._cli.console import echo

    echo(f"{done}: {made.runs:,} runs, {made.files:,} files, as of {made.time}.")
    echo(f"head {made.head}")
    for stamp in made.timestamps:
        echo(f"This was there before {_moment(stamp.time)}, says {_shown(stamp.authority)}.")


def _print(file: str, found: LedgerCheck, lacking: list[str]) -> None:
    from rich.text import Text

    from napari_seal._cli.console import console, table

    out = console()
    out.print(Text(f"{_shown(file)}: ledger {found.ledger}", style="bold"))
    rows = table("", "")
    runs = f"{found.runs:,}"
    runs += f", {found.late:,} of them linked later" if found.late else ""
    runs += f"; run {found.unfinished} is not finished" if found.unfinished is not None else ""
    for name, value in (
        ("runs in the chain", runs),
        ("head", found.head or "none"),
        ("files", f"{found.files:,}"),
    ):
        rows.add_row(name, Text(value))
    out.print(rows)
    if found.statements:
        rows = table("statement of", "runs", "signature", "signer", "time-stamped", "")
        for told in found.statements:
            rows.add_row(*_statement_row(told, found))
        out.print(rows)
    for problem in (*found.problems, *lacking):
        out.print(_bad(problem))
    if not found.agrees or lacking:
        return
    out.print(_good("The ledger is what its runs left."))
    for told in found.statements:
        for stamp in told.timestamps:
            out.print(_good(
                f"Its first {told.runs:,} runs were there before {_moment(stamp.time)}, says "
                f"{_shown(stamp.authority)}."
            ))  # fmt: skip


def _statement_row(told: LedgerStatement, found: LedgerCheck) -> list[str | Text]:
    from rich.text import Text

    stamps = ", ".join(_moment(stamp.time) for stamp in told.timestamps)
    if told.unverified:
        stamps = f"{told.unverified} not verified: name --tsa-ca"
    if told.problems:
        holds = _bad(" ".join(told.problems))
    elif told.runs == found.runs:
        holds = _good("as it is now")
    else:
        holds = _good(f"{found.runs - told.runs:,} runs since")
    return [
        told.time,
        f"{told.runs:,}",
        str(told.signature),
        Text(_shown(told.signer or "")),
        Text(stamps),
        holds,
    ]


def _moment(time: object) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"


def _shown(text: str) -> str:
    from napari_seal._text import printable

    return printable(text, 200)


def _good(text: str) -> Text:
    from rich.text import Text

    from napari_seal._verify.looks import COLOURS, SIGNS, Tone

    return Text(f"{SIGNS[Tone.GOOD]} {text}", style=COLOURS[Tone.GOOD].text)


def _bad(text: str) -> Text:
    from rich.text import Text

    from napari_seal._text import printable
    from napari_seal._verify.looks import COLOURS, SIGNS, Tone

    return Text(f"{SIGNS[Tone.BAD]} {printable(text, 600)}", style=COLOURS[Tone.BAD].text)
