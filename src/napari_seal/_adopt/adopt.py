"""One file: looked at, sealed in memory, proven and written."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from napari_seal._adopt.look import Before, look
from napari_seal._adopt.prove import prove
from napari_seal._adopt.put import look_at, put_copy, put_in_place
from napari_seal._adopt.refusal import Forced, Refusal, refuse
from napari_seal._adopt.splice import splice
from napari_seal._files import is_address
from napari_seal._format.algorithms import DEFAULT_ALGORITHM
from napari_seal._format.metadata import check_metadata
from napari_seal._format.seal import Seal
from napari_seal._seal.pipeline import check_algorithm
from napari_seal._trust.judge import signer_of
from napari_seal._verify.check import check_bytes
from napari_seal._verify.load import load
from napari_seal._verify.reasons import ReasonCode
from napari_seal.errors import OptionError

if TYPE_CHECKING:
    from napari_seal._trust.keys import SigningKey


def adopt(
    path: str | os.PathLike[str],
    target: str | os.PathLike[str] | None = None,
    *,
    in_place: bool = False,
    dry_run: bool = False,
    metadata: Mapping[str, Any] | None = None,
    force: Collection[str] = (),
    key: SigningKey | str | os.PathLike[str] | None = None,
    algorithm: str = DEFAULT_ALGORITHM,
) -> Seal:
    """Give a JPEG file that is there a full seal, without encoding it again.

    Its image data stay what they are, byte for byte, and so do its other Exif tags, segments and
    whatever follows the image.  The seal says that the file was adopted: it proves nothing of the
    time before.  A file that is sealed already and intact is left alone; its copy, where a target
    is given, has the same bytes.

    Parameters
    ----------
    path : path-like
        The file: gray or colour, of 8 bits, from whatever software; also one of the MoEDAL
        function, whose keys are kept, ``sha244`` among them.
    target : path-like, optional
        Where the sealed copy goes; there must be no such file.
    in_place : bool, default False
        Replace the file.  A crash leaves the old one or the new one.
    dry_run : bool, default False
        Write nothing, and raise whatever would be raised.
    metadata : mapping of str to JSON values, optional
        Further keys of the user's.  Those that the file has are kept.
    force : collection of str
        Codes of what the file is to be adopted in spite of, such as ``"sha244-broken"``.  The seal
        says so.
    key : SigningKey or path-like, optional
        Sign the seal; see `napari_seal.seal`.
    algorithm : {"sha256", "blake3"}
        Of the digests.

    Returns
    -------
    Seal
        What was stored, or what is stored already.

    Raises
    ------
    AdoptError
        The file is not adopted; ``code`` says why.  It is what it was.
    MetadataError
        ``metadata`` cannot be stored.
    OptionError
        Not one of ``target``, ``in_place`` and ``dry_run`` is given, what is to be forced cannot
        be, a path is an address, or the algorithm is not possible.
    KeyFileError, MissingPackageError
        The key cannot be used, or the package ``cryptography`` is not installed.

    Examples
    --------
    >>> import numpy as np, napari_seal
    >>> from PIL import Image
    >>> Image.fromarray(np.zeros((64, 64), "uint8")).save("old.jpg")
    >>> seal = napari_seal.adopt("old.jpg", "old.sealed.jpg", metadata={"sample": "TDR 12"})
    >>> seal.adopted.sha244
    'none'
    """
    if in_place and target is not None:
        raise OptionError("either a target, or in_place: not both")
    if target is None and not in_place and not dry_run:
        raise OptionError("give a target for the sealed copy, or in_place=True, or dry_run=True")
    check_algorithm(algorithm)
    adopting = Adopting(
        check_metadata({} if metadata is None else metadata),
        tuple([force] if isinstance(force, str) else force),
        algorithm,
        key,
        dry_run,
    )
    return adopting.adopt(os.fsdecode(path), None if target is None else os.fsdecode(target)).seal


class Adopted(NamedTuple):
    """The seal of a file, and whether it has it now for the first time."""

    seal: Seal
    new: bool


class Adopting(NamedTuple):
    """What is done with each file."""

    metadata: Mapping[str, Any]
    force: tuple[str, ...]
    algorithm: str
    key: SigningKey | str | os.PathLike[str] | None
    dry_run: bool

    def adopt(self, path: str, target: str | None) -> Adopted:
        """Adopt a file: to a target, or in place.

        Raises
        ------
        AdoptError, OptionError
            See `adopt`.
        """
        for name in (path, target or ""):
            if is_address(name):
                raise OptionError(f"only local files are adopted, and {name!r} is an address")
        forced = Forced(self.force)
        state = look_at(path, forced) if target is None else None
        data = load(path)
        if not isinstance(data, bytes):
            is_folder = data.code is ReasonCode.IS_A_DIRECTORY
            text = "it is a folder that cannot be listed, or none was expected here"
            raise refuse(Refusal.UNREADABLE, text if is_folder else data.message)
        before = look(data, self.metadata, forced)
        if isinstance(before, Seal):
            if target is not None:
                self._copy(path, target, data)
            return Adopted(before, new=False)
        if target is not None and (there := _adopted_before(target, before)) is not None:
            return Adopted(there, new=False)
        sealed, seal = splice(
            before, forced=forced.used, algorithm=self.algorithm, signer=signer_of(self.key)
        )
        prove(before, sealed, seal)
        if not self.dry_run:
            if state is not None:
                put_in_place(path, sealed, state)
            elif target is not None:
                put_copy(path, target, sealed)
        return Adopted(seal, new=True)

    def _copy(self, path: str, target: str, data: bytes) -> None:
        """Copy a file that is sealed already, so that nothing is wanting among the copies."""
        if os.path.lexists(target):
            if load(target) != data:
                raise refuse(Refusal.TARGET_EXISTS, f"{target!r} exists, and is no copy of it")
        elif not self.dry_run:
            put_copy(path, target, data)


def _adopted_before(target: str, before: Before) -> Seal | None:
    """The seal of a copy that an earlier run has made of the same file; None where there is none.

    Raises
    ------
    AdoptError
        There is something else.
    """
    if not os.path.lexists(target):
        return None
    data = load(target)
    verdict = check_bytes(data, target) if isinstance(data, bytes) else None
    seal = None if verdict is None or not verdict.intact else verdict.seal
    if (
        isinstance(seal, Seal)
        and seal.adopted is not None
        and seal.codestream == before.structure.codestream(seal.codestream.algorithm)
    ):
        return seal
    raise refuse(Refusal.TARGET_EXISTS, f"{target!r} exists, and is no sealed copy of it")
