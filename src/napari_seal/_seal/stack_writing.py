"""A stack while it is written: an index first, planes in any order, and the last index."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from napari_seal._format import stack, times
from napari_seal._format.algorithms import ALGORITHMS, DEFAULT_ALGORITHM, start_digest
from napari_seal._format.digest import Digest
from napari_seal._format.metadata import check_metadata
from napari_seal._format.stack import Stack
from napari_seal._seal.encode import check_quality
from napari_seal._seal.pipeline import check_algorithm
from napari_seal._seal.planes import Planes
from napari_seal._seal.stack_folder import Folder
from napari_seal._seal.write import write
from napari_seal._trust.judge import signer_of
from napari_seal._trust.key_files import load_signing_key
from napari_seal._trust.keys import SigningKey
from napari_seal._version import __version__
from napari_seal.errors import MetadataError, OptionError, WriteError

if TYPE_CHECKING:
    import os

    from napari_seal._format.seal import ArrayDigest, Seal


class Writing:
    """What all planes of a stack are sealed with, and what the last index says of them.

    Parameters
    ----------
    planes : Planes
        Their axes and type.
    quality, metadata, exif, layer, algorithm, key
        As `napari_seal.seal_stack` takes them.
    window : "plane" or other
        Whether each plane has a window of its own; a common one is set in `draft` later.

    Attributes
    ----------
    draft : Stack
        What the first index says.
    """

    def __init__(
        self,
        planes: Planes,
        *,
        quality: int,
        metadata: Mapping[str, Any] | None,
        exif: Mapping[str, Any] | None,
        window: object,
        layer: Mapping[str, Any] | None,
        algorithm: str = DEFAULT_ALGORITHM,
        key: SigningKey | str | os.PathLike[str] | None = None,
    ) -> None:
        if isinstance(window, str) and window != "plane":
            raise OptionError(f"window is a pair (low, high) or 'plane', not {window!r}")
        check_algorithm(algorithm)
        if exif is not None and not isinstance(exif, Mapping):
            raise MetadataError(f"exif must be a mapping of tag names, not {type(exif).__name__}")
        if key is not None and not isinstance(key, SigningKey):
            key = load_signing_key(key)
        self._quality = check_quality(quality)
        self._algorithm, self._key, self._exif = algorithm, key, {} if exif is None else exif
        self._signer = signer_of(key)
        self._planes = planes
        shown = None if layer is None else check_metadata(layer, what="layer attribute")
        self.draft = Stack(
            id=secrets.token_hex(16),
            axes=planes.axes,
            shape=planes.shape,
            dtype=planes.stored_dtype,
            source_axes=planes.source_axes,
            source_dtype=planes.dtype.name,
            format=planes.format,
            quality=self._quality if planes.format == "jpeg" else None,
            plane_windows=window == "plane",
            metadata=check_metadata({} if metadata is None else metadata),
            layer=planes.layer_in_order(shown),
            created=times.now(),
            software={"napari-seal": __version__},
        )
        self._size = ALGORITHMS[algorithm]
        self._records = bytearray(planes.count * self._size)
        self._sources = bytearray(planes.count * self._size)
        self._there = bytearray(planes.count)
        self._lock = Lock()

    def begin(self, folder: Folder, old: Stack | None = None) -> None:
        """Write the index of a stack that has no planes yet, in place of an old stack.

        The old index is replaced before the planes that it names.  Those of other names go first,
        as without their index nothing would tell of them: whatever happens, all that is there is
        named.
        """
        text = stack.dump(self.draft, self._algorithm, self._signer)
        new = {name for _, name in self.draft.names(folder.stem)} if old is not None else set[str]()
        names = [name for _, name in old.names(folder.stem)] if old is not None else []
        for name in names:
            if name not in new:
                folder.remove(name)
        write(folder.index_path, text, overwrite=old is not None)
        for name in names:
            folder.remove(name)

    def options(
        self, index: tuple[int, ...], metadata: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """What `napari_seal.seal` is given for the plane at an index, with metadata of its own."""
        return {
            "quality": self._quality,
            "metadata": {**self.draft.metadata, **(metadata or {})},
            "exif": self._exif,
            "window": self.draft.window,  # none: the plane's own
            "layer": self._planes.layer_of_plane(self.draft.layer),
            "algorithm": self._algorithm,
            "place": self.draft.place(index),
            "key": self._key,
        }

    def keep(self, index: tuple[int, ...], sealed: Seal) -> None:
        """Note of a plane that is written what the last index says of it."""
        number = self.draft.place(index).number
        # Both are in every seal that `seal` writes.
        record, source = cast("Digest", sealed.record), cast("ArrayDigest", sealed.source)
        there = slice(number * self._size, (number + 1) * self._size)
        with self._lock:
            self._records[there] = bytes.fromhex(record.hex)
            self._sources[there] = bytes.fromhex(source.digest.hex)
            self._there[number] = 1

    @property
    def missing(self) -> int:
        """Number of planes that were not kept."""
        return self._there.count(0)

    def finish(self, folder: Folder) -> Stack:
        """Write the last index, which says that the stack is complete.

        Raises
        ------
        WriteError
            It is not, or the index cannot be written.
        """
        if self.missing:
            raise WriteError(
                f"{self.missing:,} of {self._planes.count:,} planes are missing, so the stack is "
                "not complete"
            )
        sources = start_digest(self._algorithm)
        sources.update(bytes(self._sources))
        complete = replace(
            self.draft,
            complete=True,
            source=Digest(self._algorithm, sources.hexdigest()),
            planes=bytes(self._records),
        )
        text = stack.dump(complete, self._algorithm, self._signer)
        write(folder.index_path, text, overwrite=True)
        return stack.parse(text)
