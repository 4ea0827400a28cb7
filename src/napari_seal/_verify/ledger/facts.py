"""What a ledger keeps of a file beside its verdict; found out by the worker that checked it."""

from __future__ import annotations

import os
import stat
from binascii import unhexlify
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from napari_seal._format.legacy import MoedalSeal
from napari_seal._verify.ledger.digests import NO_DIGESTS, NUMBERS, Digests, pack
from napari_seal._verify.load import Unlisted
from napari_seal._verify.verdict import Verdict

if TYPE_CHECKING:
    from napari_seal._format.layout import Layout
    from napari_seal._format.seal import Seal
    from napari_seal._verify.checking import Checking
    from napari_seal._verify.ledger.roots import Root


class Facts(NamedTuple):
    """Path, size, time and digests of one file.

    Parameters
    ----------
    key : bytes
        Its path in the ledger.
    size : int, optional
        In bytes; None where there is no file (any more).
    mtime : int, optional
        When it was changed last, in nanoseconds since 1970; only of a file that is not intact.
    codestream, record, source, pixels : bytes, optional
        The digests, packed.
    is_folder : bool
        Whether this is a folder that was named, or found, and could not be searched.
    """

    key: bytes
    size: int | None = None
    mtime: int | None = None
    codestream: bytes | None = None
    record: bytes | None = None
    source: bytes | None = None
    pixels: bytes | None = None
    is_folder: bool = False

    @property
    def digests(self) -> Digests:
        """As the file's seal says, which is a claim unless the verdict is `intact`."""
        return Digests(*self[3:7])


def facts_of(path: str, verdict: Verdict, root: Root) -> Facts:
    """Find out about a file that was just checked."""
    if type(path) is Unlisted:
        return Facts(root.key_unseen(path), is_folder=True)
    key = root.key(path)
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return Facts(key, None, None, *digests_of(verdict.seal))
    if stat.S_ISDIR(found.st_mode):
        return Facts(root.folder_key(path), is_folder=True)
    changed = None if verdict.intact else found.st_mtime_ns
    return Facts(key, found.st_size, changed, *digests_of(verdict.seal))


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


def _digests_in(seal: Layout) -> tuple[bytes | None, ...]:
    """The digests in a record that was recognised: as `Digests`, in a plain tuple."""
    number = _NUMBERS[seal.algorithm]
    # Read together, and cut: each has 32 bytes, and one for the algorithm.
    digests = (seal.codestream, seal.record, seal.pixels, seal.source or b"", b"")
    all_of_them = unhexlify(number.join(digests))
    source = all_of_them[99:] if seal.source else None
    return all_of_them[:33], all_of_them[33:66], source, all_of_them[66:99]


#: The numbers of algorithms in hexadecimal digits, by their names in a record.
_NUMBERS: Final = {name.encode("ascii"): n.hex().encode("ascii") for name, n in NUMBERS.items()}


class CheckingWithFacts(NamedTuple):
    """What is done with each file of a run with a ledger: see `engine.Work`."""

    checking: Checking
    root: Root

    def check(self, path: str) -> tuple[tuple[Verdict, Facts], int]:
        """The verdict on a file and the facts about it; also how many bytes were read."""
        verdict, size = self.checking.check(path)
        return (verdict, facts_of(path, verdict, self.root)), size

    def pack(self, path: str) -> tuple[Any, int]:
        """The same, as small as it can be sent from one process to another."""
        found, size = self.checking.prove(path)
        if isinstance(found, Verdict):
            return (found, facts_of(path, found, self.root)), size
        facts = (self.root.key(path), size, None, *_digests_in(found.seal), False)
        return (self.checking.packed(found), facts), size

    def unpack(self, path: str, packed: Any) -> tuple[Verdict, Facts]:
        """What was packed."""
        verdict, facts = packed
        if isinstance(verdict, Verdict):
            return verdict, facts
        # Every file comes by here, and `Facts(*facts)` takes three times as long.
        return self.checking.unpack(path, verdict), tuple.__new__(Facts, facts)

    def give_up(self, verdict: Verdict) -> tuple[Verdict, Facts]:
        """For a file of which only this is known; a look at it might hang."""
        return verdict, Facts(self.root.key_unseen(verdict.path))
