"""Verdicts as one HTML page that works from the disk: no network, no second file.

Rows and pictures are written while verdicts pass, each kind to a nameless temporary file; the page
is put together when the counts are known, and takes its place in one step::

    verdicts ──▶ rows, as blocks of JSON ──┐
            ╲──▶ pictures, as HTML ────────┴──▶ head, counts, rows, pictures, script ──▶ page

Memory does not grow with the number of files, and a run that is interrupted leaves the page of an
earlier run as it was.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import IO, Final

from napari_seal._text import printable
from napari_seal._verify import page_html
from napari_seal._verify.page_html import Left
from napari_seal._verify.verdict import Outcome, Reason, Signature, Verdict

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

# As those that `napari-seal seal` leaves when it is killed: such a file may be deleted.
_PART: Final = (".napari-seal-", ".part")


@contextmanager
def html_report(
    path: str, *, paths: Sequence[str] = (), options: Sequence[str] = ()
) -> Iterator[Callable[[Iterable[Verdict]], Iterator[Verdict]]]:
    """Make an HTML page of the verdicts that pass.

    Parameters
    ----------
    path : str
        The page; what is there is replaced when all is done.
    paths : sequence of str
        What was checked, as it was named: for the reader.
    options : sequence of str
        How it was checked: for the reader.

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
    _check_target(path)
    with ExitStack() as stack:
        page = _Page(*(stack.enter_context(_nameless(path)) for _ in range(2)))
        yield page.watch
        if page.complete:
            run = page_html.Run(paths, options, page.begun, time.monotonic() - page.clock)
            _publish(page, run, path)


def _check_target(path: str) -> None:
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is a folder, a device or a pipe, not a file", path)
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)


def _nameless(path: str) -> IO[bytes]:
    folder = os.path.dirname(path)
    return tempfile.TemporaryFile(dir=folder, prefix=_PART[0], suffix=_PART[1])


class _Page:
    """What is known of a page while verdicts pass."""

    def __init__(self, rows: IO[bytes], pictures: IO[bytes]) -> None:
        self.rows = rows
        self.pictures = pictures
        self.counts: Counter[Outcome] = Counter()
        self.left = Left()
        self.drawn = 0
        self.complete = False
        self.begun = datetime.now(UTC)
        self.clock = time.monotonic()
        self._listed = 0

    def watch(self, verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
        for verdict in verdicts:
            self.counts[verdict.verdict] += 1
            self._list(verdict, self._draw(verdict))
            yield verdict
        if self._listed % _BLOCK:
            self.rows.write(page_html.END_OF_ROWS)
        self.complete = True

    def _draw(self, verdict: Verdict) -> int:
        """Write a picture; its number, or 0 where there is none."""
        if verdict.verdict not in _CHANGED and not verdict.regions:
            return 0
        if self.drawn >= PICTURES:
            self.left.pictures += 1
            return 0
        from napari_seal._verify.page_picture import draw

        drawn = draw(verdict, self.drawn + 1)
        if drawn is None:
            self.left.undecodable += 1
            return 0
        self.drawn += 1
        self.pictures.write(drawn.encode())
        return self.drawn

    def _list(self, verdict: Verdict, picture: int) -> None:
        if self._listed >= (INTACT_ROWS if verdict.intact else ROWS):
            self.left.rows += 1
            return
        self.rows.write(page_html.BETWEEN_ROWS if self._listed % _BLOCK else page_html.NEW_ROWS)
        self.rows.write(page_html.data(_row(verdict, picture)))
        self._listed += 1
        if self._listed % _BLOCK == 0:
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
    return [path, outcome, reasons, more, picture, signature]


def _reason(reason: Reason) -> list[str]:
    texts = (reason.message, reason.expected or "", reason.found or "")
    return [str(reason.code), *(printable(text, _TEXT) for text in texts)]


def _publish(page: _Page, run: page_html.Run, path: str) -> None:
    """Put the page together under another name, and give it its own when it is on the disk."""
    part = os.path.join(os.path.dirname(path), secrets.token_hex(8).join(_PART))
    descriptor = os.open(
        part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666
    )
    try:
        with open(descriptor, "wb") as file:
            file.write(page_html.head(page.counts, run, page.left, page.drawn))
            for content, begin, end in (
                (page.rows, *page_html.around_rows()),
                (page.pictures, *page_html.around_pictures(page.drawn, page.left)),
            ):
                file.write(begin)
                content.seek(0)
                shutil.copyfileobj(content, file)
                file.write(end)
            file.write(page_html.tail())
            file.flush()
            os.fsync(descriptor)
        with contextlib.suppress(OSError):
            shutil.copymode(path, part)
        os.replace(part, path)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(part)
