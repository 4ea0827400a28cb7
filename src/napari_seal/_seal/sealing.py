"""One image on its way through a `Sealer`, and what the `Sealer` tells of all of them."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_seal._format.seal import Seal

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_seal._seal.order import SealOptions


class Sealing(Future[Seal]):
    """The future of an image that a `Sealer` accepted: its seal, or why there is none.

    A `concurrent.futures.Future` that knows what it is of.

    Attributes
    ----------
    path : str
        The target.
    options : dict
        As they were given to `Sealer.submit`.
    """

    def __init__(self, path: str, options: SealOptions) -> None:
        super().__init__()
        self.path = path
        self.options = options
        self._image: npt.NDArray[Any] | None = None

    @property
    def image(self) -> npt.NDArray[Any] | None:
        """The sealer's copy of an image that could not be sealed; else None.

        It is kept as long as this future is, so that it can be sealed elsewhere::

            napari_seal.seal(sealing.image, "/other/disk/a.sealed.jpg", **sealing.options)
        """
        return self._image if self.done() and not self.cancelled() else None

    def _keep(self, image: npt.NDArray[Any] | None) -> None:
        """Hold an image, or let go of it: for the sealer alone."""
        self._image = image


@dataclass(frozen=True, slots=True, kw_only=True)
class SealerStatistics:
    """What a `Sealer` has done up to now.

    Parameters
    ----------
    accepted : int
        Images that `submit` took.  They are sealed, failed, cancelled, or waiting.
    sealed, failed, cancelled : int
        How they ended.
    waiting : int
        Those that are not done yet, with those that are worked on.
    waiting_bytes : int
        Memory of these.
    refused : int
        Images that found no room in time.
    bytes : int
        Of the images that were sealed, before compression.
    seconds : float
        From the first image that was accepted to the last one that was done.
    blocked : float
        Seconds that `submit` waited for room, all calls together.
    """

    accepted: int
    sealed: int
    failed: int
    cancelled: int
    waiting: int
    waiting_bytes: int
    refused: int
    bytes: int
    seconds: float
    blocked: float

    @property
    def images_per_second(self) -> float:
        """Sealed images a second."""
        return self.sealed / self.seconds if self.seconds else 0.0

    @property
    def bytes_per_second(self) -> float:
        """Bytes of sealed images a second, before compression."""
        return self.bytes / self.seconds if self.seconds else 0.0
