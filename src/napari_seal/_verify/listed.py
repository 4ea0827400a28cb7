"""Files that a manifest lists: what all of their bytes must give, sealed or not."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from napari_seal._format.digest import Digest
from napari_seal._verify.load import load
from napari_seal._verify.reasons import Reason, ReasonCode
from napari_seal._verify.verdict import Outcome

if TYPE_CHECKING:
    from napari_seal._verify.verdict import Verdict

#: Verdicts on a file in which nothing is wrong by itself.
_SOUND: Final = (Outcome.INTACT, Outcome.NO_SEAL)
#: Where nothing was read that could be compared.
_NOT_SEEN: Final = (Outcome.UNREADABLE, Outcome.MISSING)


class ListedPath(str):
    """The path of a file that a manifest lists, with the digest that it lists.

    Parameters
    ----------
    path : str
        The same as it was found; it may be the path of a plane, which knows more.
    expected : Digest
        Of the whole file.
    """

    __slots__ = ("expected", "path")
    path: str
    expected: Digest

    @classmethod
    def make(cls, path: str, expected: Digest) -> ListedPath:
        """Put a path and what belongs there together."""
        self = cls(path)
        self.path, self.expected = path, expected
        return self


def judge_listed(verdict: Verdict, expected: Digest, data: bytes | None = None) -> Verdict:
    """Add to the verdict on a file what the manifest tells.

    Parameters
    ----------
    verdict : Verdict
    expected : Digest
        What the manifest lists.
    data : bytes, optional
        All of the file; without them, it is read.

    Returns
    -------
    Verdict
        The very same one, where the file is intact and the one that is listed.
    """
    if verdict.verdict in _NOT_SEEN:
        return verdict
    if data is None:
        loaded = load(verdict.path)
        if isinstance(loaded, Reason):
            return replace(verdict, verdict=Outcome.UNREADABLE, reasons=(loaded,))
        data = loaded
    # Manifests of old have MD5 and SHA-1: they are compared, and not relied on.
    found = hashlib.new(expected.algorithm, data, usedforsecurity=False).hexdigest()
    if found == expected.hex:
        return verdict if verdict.intact else _told(verdict, ReasonCode.AS_LISTED, expected, found)
    if verdict.verdict in _SOUND:
        verdict = replace(verdict, verdict=Outcome.SUBSTITUTED)
    return _told(verdict, ReasonCode.NOT_THE_LISTED_FILE, expected, found)


_TEXTS: Final = {
    ReasonCode.AS_LISTED: "All bytes of the file are those that the imported manifest lists.",
    ReasonCode.NOT_THE_LISTED_FILE: "The file is not the one that the imported manifest lists.",
}


def _told(verdict: Verdict, code: ReasonCode, expected: Digest, found: str) -> Verdict:
    reason = Reason(
        code=code,
        message=_TEXTS[code],
        expected=str(expected),
        found=str(Digest(expected.algorithm, found)),
    )
    first = verdict.verdict is Outcome.SUBSTITUTED  # then this says most
    reasons = (reason, *verdict.reasons) if first else (*verdict.reasons, reason)
    return replace(verdict, reasons=reasons)
