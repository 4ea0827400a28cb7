"""Where a ledger's archive is: as it was named, where it was, or where it is from the ledger."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from napari_seal._text import printable
from napari_seal._verify.ledger.roots import Root, common_folder
from napari_seal._verify.ledger.states import typed
from napari_seal.errors import LedgerError

if TYPE_CHECKING:
    from napari_seal._verify.ledger.database import Database

#: The root as it was named first; and from the ledger, where that lies in it or beside it.
_ROOTS: Final = ("root", "root-from-ledger")


class Whereabouts:
    """Where the root of a ledger may be.

    Parameters
    ----------
    database : Database
    given : str, optional
        Where the user says it is.
    """

    def __init__(self, database: Database, given: str | None) -> None:
        self._database = database
        self._given = given

    def all(self) -> list[Root]:
        """The places, the likeliest first; none for a ledger without a run."""
        with self._database.reading() as connection:
            about = dict(connection.execute("SELECT key, value FROM about").fetchall())
        if self._given is not None:
            return [Root(self._given)]
        places = [os.fsdecode(typed(about[key], bytes)) for key in _ROOTS if key in about]
        beside = os.path.dirname(self._database.path)
        return [Root(os.path.join(beside, place)) for place in places]

    def known(self) -> Root:
        """The root.

        Raises
        ------
        LedgerError
            The ledger has none yet.
        """
        roots = self.all()
        there = [root for root in roots if os.path.isdir(root.folder)]
        if roots:
            return (there or roots)[0]
        raise LedgerError(
            f"the ledger {printable(self._database.path)} is empty: no run has written into it"
        )

    def of(self, named: list[str]) -> Root:
        """The root in which all paths lie; a new ledger gets the one that they have in common.

        Raises
        ------
        LedgerError
            One lies outside.
        """
        roots = self.all()
        if not roots and named:
            return Root(common_folder(named))
        for root in roots:
            if os.path.isdir(root.folder) and all(root.holds(name) for name in named):
                return root
        for name in named:
            self.known().place(name)  # says which one, and what to do
        return self.known()

    def about(self, root: Root) -> list[tuple[str, bytes]]:
        """What a new ledger keeps of its root."""
        values = [root.folder]
        beside = os.path.realpath(os.path.dirname(self._database.path))
        try:
            common = os.path.commonpath([root.folder, beside])
        except ValueError:  # on different drives they have no folder in common
            common = ""
        if common in (root.folder, os.path.dirname(root.folder)):
            values.append(os.path.relpath(root.folder, beside))
        return [(key, os.fsencode(value)) for key, value in zip(_ROOTS, values, strict=False)]
