"""How to watch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_seal._seal.from_files import FileOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to watch.

    Parameters
    ----------
    raw, out : str
        The folders, whatever links lead to them.
    ledger : str
    options : FileOptions
    settle : float
        Seconds for which a file must look the same before it is sealed.
    give_up : float
        Seconds for which a file that cannot be read counts as one that is still written.
    timeout : float
        Seconds that sealing a file may take.
    rescan : float
        Seconds between two looks at everything.
    jobs : int
    once : bool
        Whether to end when all is sealed that is there.
    """

    raw: str
    out: str
    ledger: str
    options: FileOptions
    settle: float
    give_up: float
    timeout: float
    rescan: float
    jobs: int
    once: bool
