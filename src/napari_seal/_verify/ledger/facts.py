"""What a ledger keeps of a file beside its verdict; found out by the worker that checked it."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from napari_seal._format.legacy import MoedalSeal
from napari_seal._verify.ledger.digests import NO_DIGESTS, Digests, pack
from napari_seal._verify.run import check_found

if TYPE_CHECKING:
    from typing import Any

    from napari_seal._format.record import Seal
    from napari_seal._verify.ledger.roots import Root
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


def facts_of(path: str, verdict: Verdict, root: Root) -> Facts:
    """Find out about a file that was just checked."""
    key = root.key(path)
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return Facts(key, digests=digests_of(verdict.seal))
    if stat.S_ISDIR(found.st_mode):
        return Facts(root.folder_key(path), is_folder=True)
    return Facts(key, found.st_size, found.st_mtime_ns, digests_of(verdict.seal))


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


def check_batch_with_facts(
    paths: list[str], *, root: Root, **options: Any
) -> list[tuple[Verdict, Facts]]:
    """Check a batch of files; what a worker of a run with a ledger does."""
    checked: list[tuple[Verdict, Facts]] = []
    for path in paths:
        verdict = check_found(path, **options)
        checked.append((verdict, facts_of(path, verdict, root)))
    return checked
