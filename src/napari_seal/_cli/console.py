"""What the commands show in the terminal: styles, tables and progress bars."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

from napari_seal._text import printable
from napari_seal._verify.verdict import Outcome

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from napari_seal._verify.verdict import Verdict

Item = TypeVar("Item")

_GOOD: Final = ("green", "✓")
_MILD: Final = ("yellow", "!")
_BAD: Final = ("bold red", "✗")
_LOOKS: Final = {
    Outcome.INTACT: _GOOD,
    Outcome.METADATA_CHANGED: _BAD,
    Outcome.REENCODED: _MILD,
    Outcome.SUBSTITUTED: _BAD,
    Outcome.IMAGE_CHANGED: _BAD,
    Outcome.TRUNCATED: _BAD,
    Outcome.NO_SEAL: _MILD,
    Outcome.SEAL_MALFORMED: _BAD,
    Outcome.SEAL_UNSUPPORTED: _MILD,
    Outcome.NOT_AN_IMAGE: _MILD,
    Outcome.UNREADABLE: _BAD,
    Outcome.MISSING: _BAD,
}


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

    style, sign = _LOOKS[outcome]
    return Text(f"{sign} {outcome}", style=style, no_wrap=True)


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


def counts_line(counts: Counter[Outcome]) -> Text:
    """Counts by verdict that add up to the number of files."""
    from rich.text import Text

    total = counts.total()
    line = Text(f"{total:,} {'file' if total == 1 else 'files'}: ")
    for index, outcome in enumerate(o for o in Outcome if counts[o]):
        line.append(", " if index else "")
        line.append(f"{counts[outcome]:,} {outcome}", style=_LOOKS[outcome][0])
    return line


@contextmanager
def progress(
    what: str, total: Callable[[], int]
) -> Iterator[Callable[[Iterable[Item]], Iterator[Item]]]:
    """Show a progress bar on standard error while items pass, if that is a terminal.

    ``total`` is asked only where somebody watches.
    """
    shown = console(stderr=True)
    if not shown.is_terminal:
        yield iter
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    count = total()
    with Progress(*columns, console=shown, transient=True) as bar:
        task = bar.add_task(what, total=count)

        def watch(items: Iterable[Item]) -> Iterator[Item]:
            for item in items:
                yield item
                bar.advance(task)

        yield watch
