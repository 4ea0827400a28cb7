"""The results of a run in columns: 10^6 of them in some hundred megabytes, whatever is in them.

The memory has what the table shows of every row and what it is filtered by.  The reasons behind a
verdict, with their values and regions, lie in a temporary file without a name, and are read when
somebody looks at a row, searches for a text or exports.
"""

from __future__ import annotations

import os
import tempfile
import threading
import weakref
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import IO, Final, NamedTuple

from napari_seal._napari.signature_words import SIGNATURES
from napari_seal._napari.verifying.verify_text import relative
from napari_seal._text import printable
from napari_seal._trust.states import Signature
from napari_seal._verify.ledger.states import verdict_of, why_of
from napari_seal._verify.reasons import ReasonCode
from napari_seal._verify.verdict import Outcome, Verdict

OUTCOMES: Final = tuple(Outcome)
#: How a file came into the archive, where the ledger tells; said in the row beside the verdict.
ARRIVALS: Final = (None, ReasonCode.MOVED, ReasonCode.COPIED, ReasonCode.EXTRA)
_CODE_OF: Final = {outcome: code for code, outcome in enumerate(OUTCOMES)}
_ARRIVAL_OF: Final = {reason: code for code, reason in enumerate(ARRIVALS)}
_SIGNATURE_OF: Final = {state: code for code, state in enumerate(SIGNATURES)}
# Before a path that is not in the folder; no path holds it.
_WHOLE: Final = "\0"
# Of the reasons in words; all of them are in the details and in the export.
_LONGEST: Final = 500


class Packed(NamedTuple):
    """A batch of results on its way from the thread that checks to the window's."""

    names: list[str]
    outcomes: bytes
    arrivals: bytes
    signatures: bytes
    signers: array[int]
    starts: array[int]
    sizes: array[int]


class VerdictRows:
    """Results in the order in which they came.

    One thread may `pack` while the window's adds and reads.

    Parameters
    ----------
    folder : str
        In which everything is that is checked; empty where there is no such folder.  May be set
        until the first batch is packed.

    Attributes
    ----------
    counts : Counter of Outcome
        Results by verdict; they add up to the number of rows.
    arrived : Counter of ReasonCode
        Results by how the file came into the archive.
    signed : Counter of Signature
        Results by the state of the signature; they add up as well.
    names_of_signers : list of str
        Each once; the first is empty, for nobody.
    """

    def __init__(self, folder: str = "") -> None:
        self.folder = folder
        self.names: list[str] = []
        self.outcomes = array("B")
        self.arrivals = array("B")
        self.signatures = array("B")
        self.signers = array("I")
        self.starts = array("q")
        self.sizes = array("I")
        self.counts: Counter[Outcome] = Counter()
        self.arrived: Counter[ReasonCode] = Counter()
        self.signed: Counter[Signature] = Counter()
        self.names_of_signers = [""]
        self._signer_codes: dict[str | None, int] = {None: 0}
        self._spool = _Spool()

    def __len__(self) -> int:
        return len(self.names)

    @property
    def prefix(self) -> str:
        """What stands before the name of each row to make its path."""
        return os.path.join(self.folder, "") if self.folder else ""

    def pack(self, verdicts: Iterable[Verdict]) -> Packed:
        """Prepare a batch: reasons into the file, the rest into columns.

        Raises
        ------
        OSError
            The temporary file cannot be written.
        """
        prefix = self.prefix
        names, outcomes, arrivals, signatures = [], bytearray(), bytearray(), bytearray()
        signers, sizes, records = array("I"), array("I"), []
        for verdict in verdicts:
            path = verdict.path
            rest = path[len(prefix) :] if path.startswith(prefix) else ""
            names.append(rest if rest and not os.path.isabs(rest) else _WHOLE + path)
            outcomes.append(_CODE_OF[verdict.verdict])
            arrivals.append(max((_ARRIVAL_OF.get(r.code, 0) for r in verdict.reasons), default=0))
            signatures.append(_SIGNATURE_OF[verdict.signature])
            signers.append(self._code_of(verdict.signer))
            record = b""
            if verdict.reasons or verdict.regions:
                text = printable(" ".join(reason.message for reason in verdict.reasons), _LONGEST)
                record = f"{text}\n{why_of(verdict)}".encode()
                records.append(record)
            sizes.append(len(record))
        start = self._spool.write(b"".join(records)) if records else 0
        starts = array("q")
        for size in sizes:
            starts.append(start)
            start += size
        codes = (bytes(outcomes), bytes(arrivals), bytes(signatures), signers)
        return Packed(names, *codes, starts, sizes)

    def add(self, batch: Packed) -> None:
        """Append what was packed."""
        self.outcomes.frombytes(batch.outcomes)
        self.arrivals.frombytes(batch.arrivals)
        self.signatures.frombytes(batch.signatures)
        self.signers.extend(batch.signers)
        self.starts.extend(batch.starts)
        self.sizes.extend(batch.sizes)
        self.names += batch.names
        for code, number in Counter(batch.outcomes).items():
            self.counts[OUTCOMES[code]] += number
        for code, number in Counter(batch.arrivals).items():
            reason = ARRIVALS[code]
            if reason is not None:
                self.arrived[reason] += number
        for code, number in Counter(batch.signatures).items():
            self.signed[SIGNATURES[code]] += number

    def path(self, row: int) -> str:
        """The file, as the run named it."""
        name = self.names[row]
        return name[1:] if name.startswith(_WHOLE) else self.prefix + name

    def shown_path(self, row: int) -> str:
        """The file as seen from the folder, escaped."""
        name = self.names[row]
        if name.startswith(_WHOLE) or not self.folder:
            name = relative(self.path(row), self.folder)
        return printable(name)

    def outcome(self, row: int) -> Outcome:
        """The verdict's word."""
        return OUTCOMES[self.outcomes[row]]

    def arrival(self, row: int) -> ReasonCode | None:
        """How the file came into the archive, where the ledger tells."""
        return ARRIVALS[self.arrivals[row]]

    def signature(self, row: int) -> Signature:
        """The state of the signature."""
        return SIGNATURES[self.signatures[row]]

    def signer(self, row: int) -> str | None:
        """Who signed, as the verdict says it."""
        code = self.signers[row]
        return self.names_of_signers[code] if code else None

    @property
    def any_signed(self) -> bool:
        """Whether there is a signature at all."""
        return self.signed[Signature.NONE] < len(self)

    def why(self, row: int) -> str:
        """The reasons in words, escaped and cut; empty where there are none."""
        return self._record(row)[0]

    def verdict(self, row: int) -> Verdict:
        """All that the run said about a file, but for its seal and scores."""
        why = self._record(row)[1] or None
        verdict = verdict_of(self.path(row), OUTCOMES[self.outcomes[row]].value, why)
        if why is not None or self.signature(row) is Signature.NONE:
            return verdict
        return replace(verdict, signature=self.signature(row), signer=self.signer(row))

    def verdicts(self, rows: Iterable[int] | None = None) -> Iterator[Verdict]:
        """The results of rows, by default of all in the order of the run."""
        return map(self.verdict, range(len(self)) if rows is None else rows)

    def _code_of(self, signer: str | None) -> int:
        code = self._signer_codes.get(signer)
        if code is None:
            code = self._signer_codes[signer] = len(self.names_of_signers)
            self.names_of_signers.append(signer or "")
        return code

    def _record(self, row: int) -> tuple[str, str]:
        size = self.sizes[row]
        if not size:
            return "", ""
        text, _, why = self._spool.read(self.starts[row], size).decode().partition("\n")
        return text, why


class _Spool:
    """A temporary file without a name, which is gone with its owner."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._file: IO[bytes] | None = None
        self._end = 0

    def write(self, content: bytes) -> int:
        """Append, and return where it begins."""
        with self._lock:
            if self._file is None:
                # Open for as long as there are results to look at.
                self._file = tempfile.TemporaryFile(prefix="napari-seal-")  # noqa: SIM115
                weakref.finalize(self, self._file.close)
            start = self._end
            self._file.seek(start)
            self._file.write(content)
            self._file.flush()
            self._end += len(content)
            return start

    def read(self, start: int, size: int) -> bytes:
        with self._lock:
            if self._file is None:
                return b""
            self._file.seek(start)
            return self._file.read(size)
