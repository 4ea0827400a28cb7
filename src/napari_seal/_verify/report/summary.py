"""What a report says about its run: the counts, how and when it was made, and by which software."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from napari_seal._format.times import in_utc
from napari_seal._text import without_credentials
from napari_seal._trust.states import Signature
from napari_seal._verify.verdict import Outcome
from napari_seal._version import __version__

if TYPE_CHECKING:
    from napari_seal._format.signature import Signer

#: Version of the layout below; more keys may be added to one.
VERSION: Final = 1

#: A shell that expands a pattern can name very many.
PATHS: Final = 20


class Run:
    """One run over files, which all of its reports describe.

    Parameters
    ----------
    paths : sequence of str
        What was checked, as it was named.
    options : sequence of str
        How it was checked, as on the command line.
    signer : callable, optional
        Signs the reports.

    Attributes
    ----------
    stopped : str or None
        Why the run ended before all files were checked; to be set by who ends it.
    signatures : Counter of Signature
        Files by the state of their signature; to be counted by who checks them.
    require_signature : bool
        Whether each of them must be trusted.
    """

    def __init__(
        self,
        *,
        paths: Sequence[str] = (),
        options: Sequence[str] = (),
        signer: Signer | None = None,
    ) -> None:
        self.paths = [without_credentials(path) for path in paths]
        self.options = [without_credentials(option) for option in options]
        self.signer = signer
        self.begun = datetime.now(UTC)
        self.stopped: str | None = None
        self.signatures: Counter[Signature] = Counter()
        self.require_signature = False
        self._clock = time.monotonic()
        self._end: tuple[datetime, float] | None = None

    @property
    def ended(self) -> datetime:
        """When the first of the reports was closed."""
        return self._ending()[0]

    @property
    def seconds(self) -> float:
        """How long the run took."""
        return self._ending()[1] - self._clock

    @property
    def not_trusted(self) -> int:
        """Files without a trusted signature, where one is required."""
        trusted = self.signatures[Signature.TRUSTED]
        return self.signatures.total() - trusted if self.require_signature else 0

    def _ending(self) -> tuple[datetime, float]:
        if self._end is None:
            now = time.monotonic()
            # Not what the clock says: it may have been set in the meantime.
            self._end = self.begun + timedelta(seconds=now - self._clock), now
        return self._end


def summarise(counts: Mapping[Outcome, int], run: Run | None) -> dict[str, Any]:
    """Return what a report says at its end, as JSON values.

    Parameters
    ----------
    counts : mapping of Outcome to int
        Of the files that are in the report.
    run : Run or None
        None for verdicts of which nobody knows when and how they were come by.
    """
    plain = {str(outcome): counts[outcome] for outcome in Outcome if counts.get(outcome)}
    summary: dict[str, Any] = {"report": VERSION, "files": sum(plain.values()), "counts": plain}
    if run is not None:
        if set(+run.signatures) - {Signature.NONE}:
            summary["signatures"] = {str(s): n for s in Signature if (n := run.signatures[s])}
        summary["complete"] = run.stopped is None
        if run.stopped is not None:
            summary["stopped"] = run.stopped
        summary |= {
            "started": in_utc(run.begun),
            "ended": in_utc(run.ended),
            "paths": run.paths[:PATHS],
            "paths_named": len(run.paths),
            "options": run.options,
        }
    return summary | {"versions": versions()}


def versions() -> dict[str, str]:
    """The software that judged; Pillow decodes where a picture changed."""
    import PIL  # this loads no part of it that decodes

    python = "{}.{}.{}".format(*sys.version_info[:3])
    return {"napari-seal": __version__, "python": python, "pillow": PIL.__version__}


def count_line(counts: Counter[str]) -> str:
    """Counts by verdict in one line, with their sum."""
    total = counts.total()
    words = ", ".join(f"{number:,} {word}" for word, number in counts.items())
    return f"{total:,} {'file' if total == 1 else 'files'}" + (f": {words}" if words else "")
