"""Why a file is not adopted: stable codes, and which of them may be forced."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Final

from napari_seal._text import printable
from napari_seal.errors import AdoptError, OptionError


class Refusal(StrEnum):
    """Codes of the reasons not to adopt a file; ``docs/howto/adopt.md`` lists them."""

    # may be forced
    SHA244_BROKEN = "sha244-broken"
    SEAL_REMOVED = "seal-removed"
    C2PA = "c2pa"
    OFFSETS = "offsets"
    NOT_A_NUMBER = "not-a-number"
    HARD_LINKS = "hard-links"
    # may not
    NOT_A_JPEG = "not-a-jpeg"
    NOT_INTACT = "not-intact"
    TRUNCATED = "truncated"
    UNDECODABLE = "undecodable"
    KIND_OF_JPEG = "kind-of-jpeg"
    EXIF_SEVERAL = "exif-several"
    EXIF_UNREADABLE = "exif-unreadable"
    METADATA = "metadata"
    TOO_LARGE = "too-large"
    NOT_PROVEN = "not-proven"
    UNREADABLE = "unreadable"
    IS_A_LINK = "is-a-link"
    TARGET_EXISTS = "target-exists"
    CHANGED_MEANWHILE = "changed-meanwhile"
    NOT_WRITTEN = "not-written"
    WORKER_DIED = "worker-died"


#: What a person may decide to adopt nevertheless; the seal then says that it was forced.
FORCEABLE: Final = (
    Refusal.SHA244_BROKEN,
    Refusal.SEAL_REMOVED,
    Refusal.C2PA,
    Refusal.OFFSETS,
    Refusal.NOT_A_NUMBER,
    Refusal.HARD_LINKS,
)


def refuse(code: Refusal, message: str) -> AdoptError:
    """The error to raise; the text may quote the file."""
    hint = f" (to adopt it nevertheless, force {str(code)!r})" if code in FORCEABLE else ""
    return AdoptError(printable(message) + hint, code=str(code))


class Forced:
    """What is forced, and which of it was needed.

    Parameters
    ----------
    codes : collection of str
        Of `FORCEABLE`.

    Raises
    ------
    OptionError
        One is not among them.
    """

    def __init__(self, codes: Collection[str]) -> None:
        known = {str(code) for code in FORCEABLE}
        named = [codes] if isinstance(codes, str) else list(codes)
        for code in named:
            if code not in known:
                raise OptionError(
                    f"{printable(code, 60)!r} cannot be forced; {', '.join(sorted(known))} can"
                )
        self._codes = frozenset(named)
        self.used: list[str] = []

    def allows(self, code: Refusal, message: str) -> None:
        """Note that it was needed.

        Raises
        ------
        AdoptError
            It is not forced.
        """
        if code not in self._codes:
            raise refuse(code, message)
        self.used.append(str(code))
