"""What a ledger keeps of a file beside its verdict; found out by the worker that checked it."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from napari_seal._format.layout import recognise
from napari_seal._format.legacy import MoedalSeal
from napari_seal._verify.ledger.digests import NO_DIGESTS, Digests, pack

if TYPE_CHECKING:
    from napari_seal._format.record import Seal
    from napari_seal._verify.ledger.roots import Root
    from napari_seal._verify.run import Checking
    from napari_seal._verify.verdict import Verdict


class Facts(NamedTuple):
    """Path, size, time and digests of one file.

    Parameters
    ----------
    key : bytes
        Its path in the ledger.
    size, mtime : int, optional
        In bytes, and in nanoseconds since 1970; None where there is no file (any more).
    digests : Digests
        As its seal says, which is a claim unless the verdict is `intact`.
    is_folder : bool
        Whether this is a folder that was named, or found, and could not be searched.
    """

    key: bytes
    size: int | None = None
    mtime: int | None = None
    digests: Digests = NO_DIGESTS
    is_folder: bool = False


def facts_of(path: str, verdict: Verdict, root: Root, known: Digests | None = None) -> Facts:
    """Find out about a file that was just checked; ``known`` is what its seal says, if known."""
    key = root.key(path)
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return Facts(key, digests=digests_of(verdict.seal))
    if stat.S_ISDIR(found.st_mode):
        return Facts(root.folder_key(path), is_folder=True)
    digests = digests_of(verdict.seal) if known is None else known
    return Facts(key, found.st_size, found.st_mtime_ns, digests)


def digests_of(seal: Seal | MoedalSeal | None) -> Digests:
    """The digests in a seal, packed."""
    if seal is None:
        return NO_DIGESTS
    if isinstance(seal, MoedalSeal):
        return Digests(pixels=pack("sha224", seal.pixels))
    codestream, record, pixels = seal.codestream, seal.record, seal.pixels.digest
    source = seal.source
    return Digests(
        pack(codestream.algorithm, codestream.hex),
        None if record is None else pack(record.algorithm, record.hex),
        None if source is None else pack(source.digest.algorithm, source.digest.hex),
        pack(pixels.algorithm, pixels.hex),
    )


def _digests_in(text: bytes) -> Digests | None:
    """The digests in a record, without reading all of it; None where it is spelt unusually."""
    seal = recognise(text)
    if seal is None:
        return None
    algorithm = seal.algorithm.decode("ascii")
    parts = (seal.codestream, seal.record, seal.source, seal.pixels)
    return Digests(*(part and pack(algorithm, part.decode("ascii")) for part in parts))


class CheckingWithFacts(NamedTuple):
    """What is done with each file of a run with a ledger: see `engine.Work`."""

    checking: Checking
    root: Root

    def check(self, path: str) -> tuple[tuple[Verdict, Facts], int]:
        """The verdict on a file and the facts about it; also how many bytes were read."""
        verdict, size = self.checking.check(path)
        return (verdict, facts_of(path, verdict, self.root)), size

    def pack(self, path: str) -> tuple[tuple[Verdict | bytes | None, Facts], int]:
        """The same, as small as it can be sent from one process to another."""
        packed, size = self.checking.pack(path)
        known = _digests_in(packed) if isinstance(packed, bytes) else None
        verdict = self.checking.unpack(path, packed)
        return (packed, facts_of(path, verdict, self.root, known)), size

    def unpack(
        self, path: str, packed: tuple[Verdict | bytes | None, Facts]
    ) -> tuple[Verdict, Facts]:
        """What was packed."""
        verdict, facts = packed
        return self.checking.unpack(path, verdict), facts

    def give_up(self, verdict: Verdict) -> tuple[Verdict, Facts]:
        """For a file of which only this is known."""
        return verdict, facts_of(verdict.path, verdict, self.root)
