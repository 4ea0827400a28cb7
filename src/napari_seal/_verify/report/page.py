"""Verdicts as one HTML page that works from the disk: no network, no second file.

Rows and pictures are written while verdicts pass, each kind to a nameless temporary file; the page
is put together when the counts are known, and takes its place in one step::

    verdicts ──▶ rows, as blocks of JSON ──┐
            ╲──▶ pictures, as HTML ────────┴──▶ head, counts, rows, pictures, script ──▶ page

Memory does not grow with the number of files, and a run that is interrupted leaves the page of an
earlier run as it was.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import IO, Final

from napari_seal._text import printable
from napari_seal._trust.states import Signature
from napari_seal._verify.reasons import Reason
from napari_seal._verify.replace import check_target, nameless, replacing
from napari_seal._verify.report import page_html
from napari_seal._verify.report.digested import Digested
from napari_seal._verify.report.page_html import Left
from napari_seal._verify.report.report import Watch
from napari_seal._verify.report.summary import Run, summarise
from napari_seal._verify.verdict import Outcome, Verdict

#: Pictures in a page: about 20 KB each, 10 MB in all.
PICTURES: Final = 500

#: Rows in a page, which a browser holds in memory; and how many of them may be intact files.
ROWS: Final = 1_000_000
INTACT_ROWS: Final = 500_000

#: Rows a block of JSON: browsers have a limit for one string.
_BLOCK: Final = 5_000

#: A hostile file can give rise to hundreds of reasons of any length.
_REASONS: Final = 20
_TEXT: Final = 500

# Verdicts whose picture is not what it was when it was sealed.
_CHANGED: Final = (Outcome.IMAGE_CHANGED, Outcome.TRUNCATED)


@contextmanager
def html_report(path: str, run: Run) -> Iterator[Watch]:
    """Make an HTML page of the verdicts that pass.

    Parameters
    ----------
    path : str
        The page; what is there is replaced when all is done.
    run : Run
        What was checked, and how: for the reader.

    Yields
    ------
    callable
        From verdicts to the same verdicts.  The page appears when the ``with`` block ends without
        an exception and all of them have passed.

    Raises
    ------
    OSError
        The page cannot be written; what can be known before the first verdict is raised then.
    """
    path = os.path.realpath(path)  # of a link, the file behind it is replaced
    check_target(path)
    with ExitStack() as stack:
        page = _Page(*(stack.enter_context(nameless(path)) for _ in range(2)))
        yield page.watch
        if page.complete:
            with replacing(path) as part:
                _write(page, run, part.file)
                part.complete = True


class _Page:
    """What is known of a page while verdicts pass."""

    def __init__(self, rows: IO[bytes], pictures: IO[bytes]) -> None:
        self.rows = rows
        self.pictures = pictures
        self.counts: Counter[Outcome] = Counter()
        self.left = Left()
        self.drawn = 0
        self.complete = False
        self.listed = 0

    def watch(self, verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
        for verdict in verdicts:
            self.counts[verdict.verdict] += 1
            self._list(verdict, self._draw(verdict))
            yield verdict
        if self.listed % _BLOCK:
            self.rows.write(page_html.END_OF_ROWS)
        self.complete = True

    def _draw(self, verdict: Verdict) -> int:
        """Write a picture; its number, or 0 where there is none."""
        if verdict.verdict not in _CHANGED and not verdict.regions:
            return 0
        if self.drawn >= PICTURES:
            self.left.pictures += 1
            return 0
        from napari_seal._verify.report.page_picture import draw

        drawn = draw(verdict, self.drawn + 1)
        if drawn is None:
            self.left.undecodable += 1
            return 0
        self.drawn += 1
        self.pictures.write(drawn.encode())
        return self.drawn

    def _list(self, verdict: Verdict, picture: int) -> None:
        if self.listed >= (INTACT_ROWS if verdict.intact else ROWS):
            self.left.rows += 1
            return
        self.rows.write(page_html.BETWEEN_ROWS if self.listed % _BLOCK else page_html.NEW_ROWS)
        self.rows.write(page_html.data(_row(verdict, picture)))
        self.listed += 1
        if self.listed % _BLOCK == 0:
            self.rows.write(page_html.END_OF_ROWS)


def _row(verdict: Verdict, picture: int) -> str | list[object]:
    """A row for the script: of a plainly intact file, the path alone."""
    path = printable(verdict.path)
    signature = "" if verdict.signature is Signature.NONE else str(verdict.signature)
    if verdict.intact and not verdict.reasons and not signature:
        return path
    outcome = page_html.OUTCOMES.index(verdict.verdict)
    reasons = [_reason(reason) for reason in verdict.reasons[:_REASONS]]
    more = max(0, len(verdict.reasons) - _REASONS)
    signer = "" if verdict.signer is None else printable(verdict.signer, _TEXT)
    return [path, outcome, reasons, more, picture, signature, signer]


def _reason(reason: Reason) -> list[str]:
    texts = (reason.message, reason.expected or "", reason.found or "")
    return [str(reason.code), *(printable(text, _TEXT) for text in texts)]


def _write(page: _Page, run: Run, file: IO[bytes]) -> None:
    """Put the page together."""
    out = Digested(file.write, "html")
    summary = summarise(page.counts, run) | {"listed": page.listed}
    out.write_bytes(page_html.head(page.counts, run, page.left, page.drawn))
    for content, begin, end in (
        (page.rows, *page_html.around_rows()),
        (page.pictures, *page_html.around_pictures(page.drawn, page.left)),
    ):
        out.write_bytes(begin)
        content.seek(0)
        shutil.copyfileobj(content, SimpleNamespace(write=out.write_bytes))
        out.write_bytes(end)
    out.write_bytes(page_html.tail(summary))
    out.finish(run.signer)
