"""One run over folders, beside the window, with or without a ledger, without a single widget.

A thread packs verdicts into batches and queues them; the window's timer takes them out.  Many files
are checked in worker processes, which are never forked from a process in which Qt runs; few are
checked in the thread, since starting processes would take longer.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from typing import Final

from napari_seal._napari.task import Task
from napari_seal._napari.verifying.time_left import TimeLeft
from napari_seal._napari.verifying.verdict_rows import Packed, VerdictRows
from napari_seal._napari.verifying.verify_ledger import files, for_people
from napari_seal._napari.verifying.verify_text import nothing_checked, why_nothing_checked
from napari_seal._verify.progress import Progress
from napari_seal._verify.verdict import Outcome, Verdict

# A batch is closed when it has so many results, or after so many seconds.
_BATCH: Final = 500
_SOON: Final = 0.2
# Fewer files are checked about as soon as worker processes have started.
_FEW: Final = 2000


class VerifyJob(Task[None]):
    """Count the images, then check each of them, until done or cancelled.

    Parameters
    ----------
    rows : VerdictRows
        New ones, for which batches are packed.
    paths : sequence of str
        Files and folders.
    recursive : bool
        Whether folders are searched with their subfolders.
    ledger : str
        The file of a ledger, which is made where there is none; empty to do without.
    resume : bool
        Whether to go on with the ledger's unfinished run.
    before : int
        How many files that has checked.
    trust : str
        Folder or file of the keys that are trusted; empty for the user's own list.

    Attributes
    ----------
    found : int
        Files found up to now.
    searching : bool
        Whether more may be found: as long as this is true, `found` is no total.
    stopped : bool
        Whether it was cancelled before all files were checked.
    """

    def __init__(
        self,
        rows: VerdictRows,
        paths: Sequence[str],
        *,
        recursive: bool,
        ledger: str = "",
        resume: bool = False,
        before: int = 0,
        trust: str = "",
    ) -> None:
        super().__init__(lambda _: self._check_all())
        self.rows = rows
        self.ledger = ledger
        self._paths = list(paths)
        self._recursive = recursive
        self._resume = resume
        self._before = before
        self._trust = trust or None
        self._done = 0
        self._begun = 0.0
        self._time_left = TimeLeft()
        self._queue: deque[Packed] = deque()
        self.found = 0
        self.searching = True
        self.stopped = False

    def take(self, limit: int) -> list[Packed]:
        """Return batches that were not taken yet, with ``limit`` results or a few more."""
        taken: list[Packed] = []
        while self._queue and limit > 0:
            taken.append(self._queue.popleft())
            limit -= len(taken[-1].names)
        return taken

    @property
    def waiting(self) -> bool:
        """Whether there are results to take."""
        return bool(self._queue)

    def time_left(self) -> str:
        """Return rate and time left, in words; empty where they are unknown, or it is over."""
        if self.done or not self._begun:
            return ""
        progress = Progress(
            done=self._done,
            total=self.found,
            bytes=0,
            seconds=time.monotonic() - self._begun,
            before=min(self._before, self._done),
        )
        return self._time_left.text(progress)

    def _check_all(self) -> None:
        from napari_seal._verify.patience import SearchStopped, find_patiently

        self.rows.folder = _common_folder(self._paths)
        try:
            # Only after all were counted is there an honest total.
            files = find_patiently(
                self._paths, recursive=self._recursive, stop=lambda: self.cancelled
            )
            for _ in files:
                if self.cancelled:
                    raise SearchStopped
                self.found += 1
        except SearchStopped:
            self.stopped = True
            return
        finally:
            self.searching = False
        self._begun = time.monotonic()
        with closing(self._with_ledger() if self.ledger else self._plainly()) as verdicts:
            self._collect(verdicts)

    def _plainly(self) -> Generator[Verdict]:
        from napari_seal._verify.checking import check_found
        from napari_seal._verify.run import check_many
        from napari_seal._verify.scan import find_images
        from napari_seal.errors import NothingToCheckError

        try:
            run = check_many(
                self._paths,
                jobs=self._jobs,
                recursive=self._recursive,
                trust=self._trust,
                cancel=lambda: self.cancelled,
            )
            yield from run
            self.stopped = run.stopped is not None
        except NothingToCheckError:  # each folder says why
            yield from map(check_found, find_images(self._paths, recursive=self._recursive))

    def _with_ledger(self) -> Generator[Verdict]:
        # Opened, used and closed in this thread, as SQLite demands.  Whatever ends the run, closing
        # leaves the ledger so that the run can be gone on with.
        from napari_seal._verify.ledger.ledger import Ledger

        with Ledger.open(self.ledger, create=True) as ledger:
            run = ledger.check_many(
                self._paths,
                jobs=self._jobs,
                recursive=self._recursive,
                trust=self._trust,
                cancel=lambda: self.cancelled,
                resume=self._resume,
            )
            yield from run
            self.stopped = run.stopped is not None

    @property
    def _jobs(self) -> int | None:
        return 1 if self.found - self._before < _FEW else None

    def _collect(self, verdicts: Iterator[Verdict]) -> None:
        """Queue what comes; the run itself ends soon after it is cancelled."""
        batch: list[Verdict] = []
        due = time.monotonic() + _SOON
        try:
            for verdict in verdicts:
                batch.append(verdict)
                self._done += verdict.verdict is not Outcome.MISSING
                if len(batch) >= _BATCH or time.monotonic() >= due:
                    self._queue.append(self.rows.pack(batch))
                    batch = []
                    due = time.monotonic() + _SOON
        finally:
            if batch:
                self._queue.append(self.rows.pack(batch))


def _common_folder(paths: Sequence[str]) -> str:
    folders = [path if os.path.isdir(path) else os.path.dirname(path) for path in paths]
    if len(set(folders)) == 1:
        return folders[0]  # as it was written: what is found in it begins with the same letters
    try:
        common = os.path.commonpath(folders)
    except ValueError:  # on two drives, or one of them relative
        return ""
    return "" if os.path.dirname(common) == common else common


def how_it_ended(job: VerifyJob, chosen: Sequence[str]) -> str:
    """Return what to say when a run is over; empty where the table says it all.

    Parameters
    ----------
    job : VerifyJob
        All of its results were taken.
    chosen : sequence of str
        Folders and files as they were chosen.
    """
    rows = job.rows
    if job.failure:
        early = "The run ended early" if len(rows) else "Nothing was checked"
        return f"⚠ {early}: {for_people(job.complaint)}"
    if job.stopped and nothing_checked(rows.counts):
        return "⚠ Cancelled: nothing was checked."
    if job.stopped:
        again = (
            " The ledger has what was done: the run can be gone on with."
            if job.ledger
            else " Verify begins anew; a run with a ledger can be gone on with."
        )
        return f"⚠ Cancelled: {len(rows):,} of {files(job.found)} were checked.{again}"
    if nothing_checked(rows.counts):
        return why_nothing_checked(rows.verdicts(), len(rows), chosen)
    return ""
