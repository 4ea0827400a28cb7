"""What the commands show in the terminal: styles, lines and tables.

Tables are drawn by rich, which takes as long to start as all the rest: where there is nothing to
explain, there are lines instead.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from napari_seal._text import printable
from napari_seal._trust.states import Signature
from napari_seal._verify.looks import LOOKS, Tone
from napari_seal._verify.verdict import Outcome

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from napari_seal._verify.verdict import Verdict


def console(*, stderr: bool = False) -> Console:
    """A console on standard output or standard error, 100 columns wide where it is no terminal."""
    from rich.console import Console

    made = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not made.is_terminal:
        made.width = max(made.width, 100)
    return made


def outcome_text(outcome: Outcome) -> Text:
    """A verdict word with its sign and colour."""
    from rich.text import Text

    return Text(f"{LOOKS[outcome].sign} {outcome}", style=_style(outcome), no_wrap=True)


def _style(outcome: Outcome) -> str:
    look = LOOKS[outcome]
    return f"bold {look.colours.text}" if look.tone is Tone.BAD else look.colours.text


def reason_text(verdict: Verdict) -> Text:
    """The first reason, which says most, and how many more there are."""
    from rich.text import Text

    if not verdict.reasons:
        return Text()
    more = len(verdict.reasons) - 1
    return Text(printable(verdict.reasons[0].message) + (f" (+{more} more)" if more else ""))


def table(*columns: str) -> Table:
    """An empty table in the house's style."""
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for name in columns:
        made.add_column(name, overflow="fold")
    return made


def print_table(verdicts: Iterable[Verdict]) -> None:
    """Print verdicts with their first reasons, and with signatures where there are any."""
    from rich.text import Text

    listed = list(verdicts)
    signed = any(verdict.signature is not Signature.NONE for verdict in listed)
    rows = table("verdict", *(["signature"] if signed else []), "file", "why")
    for verdict in listed:
        signature = [Text(signature_text(verdict))] if signed else []
        path = Text(printable(verdict.path))
        rows.add_row(outcome_text(verdict.verdict), *signature, path, reason_text(verdict))
    console().print(rows)


def signature_text(verdict: Verdict) -> str:
    """The state of the signature, and who signed."""
    shown = signer_text(verdict.signature, verdict.signer)
    return f"{verdict.signature} ({shown})" if shown else str(verdict.signature)


def signer_text(signature: Signature, signer: str | None) -> str:
    """Who signed: a name, or of a key without one the beginning of its fingerprint."""
    if signer is None:
        return ""
    return signer[:15] + "…" if signature is Signature.UNKNOWN_KEY else printable(signer)


def echo_signatures(signatures: Counter[Signature], *, err: bool = False) -> None:
    """Print counts by the state of the signature, unless there is none at all."""
    if set(+signatures) - {Signature.NONE}:
        parts = (f"{signatures[state]:,} {state}" for state in Signature if signatures[state])
        echo(f"signatures: {', '.join(parts)}", err=err)


def echo_counts(counts: Counter[Outcome], *, err: bool = False) -> None:
    """Print counts by verdict that add up to the number of files."""
    total = counts.total()
    parts = ", ".join(
        _styled(f"{counts[outcome]:,} {outcome}", outcome) for outcome in Outcome if counts[outcome]
    )
    echo(f"{total:,} {'file' if total == 1 else 'files'}: {parts}", err=err)


def echo_listed(verdicts: Iterable[Verdict]) -> None:
    """Print verdicts that have no reasons to be read, a line each."""
    for verdict in verdicts:
        outcome = verdict.verdict
        shown = _styled(f"{LOOKS[outcome].sign} {outcome}", outcome)
        signed = verdict.signature is not Signature.NONE
        state = f"  signature {signature_text(verdict)}" if signed else ""
        echo(f"{shown}  {printable(verdict.path)}{state}")


def echo(text: str, *, err: bool = False) -> None:
    """Print a line, in colour only where somebody sees it and wants it (no-color.org)."""
    click.echo(text, err=err, color=False if os.environ.get("NO_COLOR") else None)


def _styled(text: str, outcome: Outcome) -> str:
    look = LOOKS[outcome]
    red, green, blue = (round(int(look.colours.text[at : at + 2], 16) / 51) for at in (1, 3, 5))
    # The nearest of the 6 x 6 x 6 colours that terminals have had for long.
    colour = 16 + 36 * red + 6 * green + blue
    return click.style(text, fg=colour, bold=look.tone is Tone.BAD or None)
