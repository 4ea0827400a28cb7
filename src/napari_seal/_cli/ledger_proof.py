"""``napari-seal ledger check``, ``sign``, ``timestamp`` and ``statement``: what a ledger proves."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from napari_seal._cli.key_options import key_options, passphrase_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.text import Text

    from napari_seal._trust.timestamp import Timestamp
    from napari_seal._verify.ledger.ledger import Ledger
    from napari_seal._verify.ledger.proof import LedgerCheck
    from napari_seal._verify.ledger.statements import LedgerStatement

#: Longest table of statements in the terminal.
_LISTED: Final = 50

Command = TypeVar("Command", bound=Callable[..., Any])

_ledger = click.argument("file", metavar="LEDGER")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def _tsa_ca(*, required: bool) -> Callable[[Command], Command]:
    return click.option(
        "--tsa-ca", metavar="PEM", required=required,
        help="Certificates that lead to the time-stamp authority's, as its operator has them.",
    )  # fmt: skip


def _open(stack: ExitStack, file: str, *, write: bool) -> Ledger:
    from napari_seal._verify.ledger.ledger import Ledger

    return stack.enter_context(Ledger.open(file, read_only=not write))


@click.command(short_help="Check whether a ledger is what its runs left.")
@_ledger
@click.option("--head", metavar="DIGEST", help="The head of the chain, as it was noted down.")
@click.option("--statement", metavar="FILE", help="A statement that was kept elsewhere.")
@click.option("--trust", metavar="PATH", help="The public keys that are trusted: folder or file.")
@click.option(
    "--require-signature", is_flag=True, help="It is a failure if no trusted key has signed."
)
@_tsa_ca(required=False)
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
    if signed and not any(_is_trusted(statement) for statement in good):
        yield "No statement is signed with a trusted key."
    if stamped and not any(statement.timestamps for statement in good):
        yield "No statement has a time stamp that holds."


def _is_trusted(told: LedgerStatement) -> bool:
    return told.signature == "trusted" and not told.problems


@click.command(short_help="Sign a ledger as it is now.")
@_ledger
@click.option("--key", metavar="PEM", required=True, help="The private key to sign with.")
@passphrase_file
@_json
def sign(file: str, key: str, passphrase_file: str | None, as_json: bool) -> None:
    """Sign a ledger as it is now: all runs so far, and what it knows of the files.

    The statement is kept in the ledger; `ledger statement` writes it to a file, to be kept
    elsewhere.  A ledger whose chain of runs is broken is not signed.

    Exit code: 0, or 2 if it is not signed.
    """
    from napari_seal._cli.keys import ask_for_key

    signing = ask_for_key(key, passphrase_file)
    with ExitStack() as stack:
        made = _open(stack, file, write=True).sign(signing)
    _tell(made, as_json, "Signed")


@click.command(short_help="Have it time-stamped by an authority (RFC 3161).")
@_ledger
@click.option("--tsa", metavar="URL", required=True, help="Address of a time-stamp authority.")
@_tsa_ca(required=True)
@key_options
@_json
def timestamp(
    file: str, tsa: str, tsa_ca: str, key: str | None, passphrase_file: str | None, as_json: bool
) -> None:
    """Have the last statement about a ledger time-stamped (RFC 3161).

    One is made first if a run was finished since, if there is none, and with --key.  The authority
    sees a digest, and nothing else.  Its reply is verified and kept in the ledger.

    Exit code: 0, or 2 if there is no time stamp.
    """
    from napari_seal._cli.keys import ask_for_key

    signing = None if key is None else ask_for_key(key, passphrase_file)
    with ExitStack() as stack:
        made = _open(stack, file, write=True).timestamp(tsa, tsa_ca, key=signing)
    _tell(made, as_json, "Time-stamped")


@click.command(short_help="Write the last statement about it to a file.")
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

    files = _count(made.files, "file")
    echo(f"{done}: {_count(made.runs, 'run')}, {files}, as stated {made.time}.")
    echo(f"head  {made.head}")
    for stamp in made.timestamps:
        echo(_shown(_attested(made, stamp)))


def _print(file: str, found: LedgerCheck, lacking: list[str]) -> None:
    from rich.text import Text

    from napari_seal._cli.console import console, table

    out = console()
    out.print(Text(_shown(file), style="bold"))
    rows = table("ledger", found.ledger)
    runs = _count(found.runs, "run")
    runs += f", {found.late:,} linked later" if found.late else ""
    runs += f"; run {found.unfinished} is not finished" if found.unfinished is not None else ""
    for name, value in (
        ("chain", runs),
        ("head", found.head or "none"),
        ("files", f"{found.files:,}"),
    ):
        rows.add_row(name, value)
    out.print(rows)
    if found.statements:
        rows = table("stated", "runs", "signature", "signer", "time-stamped", "now")
        for told in found.statements[-_LISTED:]:
            rows.add_row(*(Text(_shown(cell)) for cell in _row(told, found)))
        out.print(rows)
        if (more := len(found.statements) - _LISTED) > 0:
            out.print(f"… and {more:,} before; --json gives them all.")
    for problem in (*found.problems, *lacking):
        out.print(_marked(problem, good=False))
    for told in found.statements:
        for problem in told.problems:
            out.print(_marked(f"Stated {told.time}: {problem}", good=False))
    if not found.problems:
        out.print(_marked("The ledger is what its runs left.", good=True))
    signed = [told.runs for told in found.statements if _is_trusted(told)]
    if signed and (more := found.runs - max(signed)) > 0:
        out.print(f"Of its runs, the last {more:,} came after all that a trusted key has signed.")
    for told in found.statements:
        for stamp in told.timestamps if not told.problems else ():
            out.print(_marked(_attested(told, stamp), good=True))


def _row(told: LedgerStatement, found: LedgerCheck) -> tuple[str, ...]:
    from napari_seal._cli.console import signer_text

    stamps = ", ".join(_moment(stamp) for stamp in told.timestamps)
    if told.unverified:
        stamps = "not verified: needs --tsa-ca"
    if told.problems:
        now = "does not agree"
    elif told.runs == found.runs:
        now = "as stated"
    else:
        now = f"{_count(found.runs - told.runs, 'run')} more"
    signer = signer_text(told.signature, told.signer)
    return told.time, f"{told.runs:,}", str(told.signature), signer, stamps, now


def _attested(told: LedgerStatement, stamp: Timestamp) -> str:
    runs = "The first run was" if told.runs == 1 else f"The first {told.runs:,} runs were"
    return f"{runs} in the ledger by {_moment(stamp)}, as {stamp.authority} attests."


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def _moment(stamp: Timestamp) -> str:
    return f"{stamp.time:%Y-%m-%d %H:%M:%S} UTC"


def _shown(text: str) -> str:
    from napari_seal._text import printable

    return printable(text, 200)


def _marked(text: str, *, good: bool) -> Text:
    from rich.text import Text

    from napari_seal._text import printable
    from napari_seal._verify.looks import COLOURS, SIGNS, Tone

    tone = Tone.GOOD if good else Tone.BAD
    return Text(f"{SIGNS[tone]} {printable(text, 600)}", style=COLOURS[tone].text)
