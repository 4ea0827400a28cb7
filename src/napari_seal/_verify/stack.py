"""Opening a stack: its planes one at a time, each with a verdict on the very bytes it is from."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import numpy.typing as npt

from napari_seal._text import printable
from napari_seal._trust.judge import Judge
from napari_seal._verify.check import check_bytes, picture_of
from napari_seal._verify.load import load
from napari_seal._verify.reasons import Reason, ReasonCode
from napari_seal._verify.stack_files import PlanePath, judge_plane, plane_path
from napari_seal._verify.stack_find import find_index
from napari_seal._verify.stack_index import read_index
from napari_seal._verify.verdict import Outcome, Verdict
from napari_seal.errors import FormatError, OptionError, ReadError

if TYPE_CHECKING:
    from napari_seal._format.stack import Stack
    from napari_seal._format.window import Window
    from napari_seal._trust.trusted import Trust

OnVerdict = Callable[[tuple[int, ...], Verdict], None]


def open_stack(
    path: str | os.PathLike[str],
    *,
    on_verdict: OnVerdict | None = None,
    trust: Trust | str | os.PathLike[str] | None = None,
) -> OpenStack:
    """Open a sealed stack.  Only its index is read now.

    Parameters
    ----------
    path : path-like
        The folder of the stack, or the index in it.
    on_verdict : callable, optional
        Called with the index and the verdict of each plane that is read, in the thread that reads.
    trust : Trust or path-like, optional
        The public keys that are trusted; see `napari_seal.check`.

    Returns
    -------
    OpenStack
        Whose planes are read when they are asked for, each with its verdict.

    Raises
    ------
    ReadError
        There is no index that can be read.
    TrustError
        ``trust`` cannot be loaded.

    Examples
    --------
    >>> import numpy as np, napari_seal
    >>> movie = np.arange(4 * 64 * 64, dtype="uint16").reshape(4, 64, 64)
    >>> sealed = napari_seal.seal_stack(movie, "movie", axes="TYX")
    >>> stack = napari_seal.open_stack("movie.sealed")
    >>> levels, verdict = stack.plane((2,))
    >>> levels.shape, str(verdict.verdict)
    ((64, 64), 'intact')
    """
    judge = Judge(trust)
    name = find_index(path)
    stack, verdict = read_index(name, judge)
    if stack is None:
        raise ReadError(str(verdict))
    return OpenStack(name, stack, verdict, on_verdict, judge)


class OpenStack:
    """A stack that was opened with `open_stack`.  Several threads may use it.

    Attributes
    ----------
    path : str
        Its index.
    stack : Stack
        What the index says.
    verdict : Verdict
        On the index alone: `truncated` where the stack was not finished.
    on_verdict : callable or None
        Called with the index and the verdict of each plane that is read.
    """

    def __init__(
        self,
        path: str,
        stack: Stack,
        verdict: Verdict,
        on_verdict: OnVerdict | None,
        judge: Judge,
    ) -> None:
        self.path: str = path
        self.stack: Stack = stack
        self.verdict: Verdict = verdict
        self.on_verdict: OnVerdict | None = on_verdict
        self._judge = judge
        self._verdicts: dict[tuple[int, ...], Verdict] = {}
        self._lock = threading.Lock()

    def __reduce__(self) -> NoReturn:
        raise OptionError(
            "an open stack stays in its process, where its verdicts are noted; compute its arrays "
            "with scheduler='threads'"
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of `axes`."""
        return self.stack.shape

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of all axes: those along which planes are counted, then Y, X, and S for colour."""
        return self.stack.axes

    @property
    def grid(self) -> tuple[int, ...]:
        """Number of planes along each axis: what the index of a plane counts in."""
        return self.stack.grid

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the stored samples."""
        return np.dtype(self.stack.dtype)

    @property
    def window(self) -> Window | None:
        """How intensities were mapped to 8 bits, where it is common to all planes.

        Otherwise each plane has a window of its own, in the seal of its verdict.
        """
        return self.stack.window

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The user's own."""
        return self.stack.metadata

    @property
    def layer(self) -> Mapping[str, Any] | None:
        """How the stack was shown; a claim, each value of which is to be checked before use."""
        return self.stack.layer

    @property
    def verdicts(self) -> dict[tuple[int, ...], Verdict]:
        """The verdicts on the planes that were read, by their index; without their seals."""
        with self._lock:
            return dict(self._verdicts)

    def plane(self, index: tuple[int, ...]) -> tuple[npt.NDArray[Any] | None, Verdict]:
        """Read one plane, with the verdict on the very bytes it was decoded from.

        Parameters
        ----------
        index : tuple of int
            Its position along each axis of `grid`, from 0.

        Returns
        -------
        image : (Y, X) or (Y, X, 3) ndarray or None
            The stored samples; `napari_seal.restore_intensity` maps them to the original range.
            None where there is no picture that could be shown, as of a plane that is missing.
        verdict : Verdict
            Also `missing`; `substituted` where the file is not the plane that belongs there.

        Raises
        ------
        OptionError
            There is no such index.
        """
        place = tuple(index)
        if len(place) != len(self.grid) or not all(map(_is_within, place, self.grid)):
            raise OptionError(
                f"the stack has {self.grid} planes, and none at {printable(index, 200)}"
            )
        position = tuple(map(int, place))
        image, verdict = self._read(plane_path(self.path, self.stack, position))
        with self._lock:  # without its seal: so many have to fit the memory
            self._verdicts[position] = replace(verdict, seal=None)
        if self.on_verdict is not None:
            self.on_verdict(position, verdict)
        return image, verdict

    def _read(self, plane: PlanePath) -> tuple[npt.NDArray[Any] | None, Verdict]:
        name = str(plane)
        data = load(name)
        if isinstance(data, Reason):
            verdict = Verdict(path=name, verdict=Outcome.UNREADABLE, reasons=(data,))
            return None, judge_plane(verdict, plane)
        verdict = judge_plane(check_bytes(data, name, judge=self._judge), plane)
        if verdict.verdict is Outcome.NOT_AN_IMAGE:
            return None, verdict
        try:
            image = picture_of(data)
        except (FormatError, MemoryError) as error:
            return None, _without_picture(verdict, error)
        return image, self._check_fit(image, verdict)

    def _check_fit(self, image: npt.NDArray[Any], verdict: Verdict) -> Verdict:
        """A picture of another size is not the plane, whatever its seal says."""
        if self._fits(image) or not verdict.intact:
            return verdict
        reason = Reason(
            code=ReasonCode.OTHER_STACK,
            message="The picture does not have the size that the index gives to planes.",
            expected=f"{self.stack.plane_shape} of {self.dtype}",
            found=f"{image.shape} of {image.dtype}",
        )
        return replace(verdict, verdict=Outcome.SUBSTITUTED, reasons=(reason, *verdict.reasons))

    def _fits(self, image: npt.NDArray[Any]) -> bool:
        return image.shape == self.stack.plane_shape and image.dtype == self.dtype

    def dask(self, *, fill: bool = False) -> Any:
        """The stack as a dask array, in which a plane is read when it is needed.

        Computing it raises `ReadError` at a plane without a picture that fits (missing, unreadable,
        resized).

        Parameters
        ----------
        fill : bool, default False
            Fill such a plane with zeros instead, for whoever shows its verdict beside it: it is in
            `verdicts`, and told to `on_verdict`.

        Returns
        -------
        dask.array.Array
            Of `shape` and `dtype`, one plane a chunk.

        Raises
        ------
        OptionError
            dask is not installed.
        """
        try:
            from dask.array import from_array
        except ImportError as error:
            raise OptionError("a lazy array needs dask: pip install 'napari-seal[dask]'") from error
        chunks = tuple((1,) * size for size in self.grid) + tuple(
            (size,) for size in self.stack.plane_shape
        )
        name = f"sealed-{self.stack.id}-{secrets.token_hex(4)}"
        meta = np.empty((0,) * len(self.shape), self.dtype)
        return from_array(  # type: ignore[no-untyped-call]
            _Lazy(self, fill=fill), chunks=chunks, name=name, meta=meta, fancy=False
        )

    def _fitting_plane(self, index: tuple[int, ...], *, fill: bool) -> npt.NDArray[Any]:
        image, verdict = self.plane(index)  # which notes the verdict
        if image is not None and self._fits(image):
            return image
        if not fill:
            raise ReadError(str(verdict))
        return np.zeros(self.stack.plane_shape, self.dtype)


def _is_within(position: object, size: int) -> bool:
    return isinstance(position, (int, np.integer)) and 0 <= int(position) < size


class _Lazy:
    """What dask takes for an array: it asks for one plane at a time."""

    def __init__(self, stack: OpenStack, *, fill: bool) -> None:
        self._stack, self._fill = stack, fill
        self.shape, self.dtype, self.ndim = stack.shape, stack.dtype, len(stack.shape)

    def __getitem__(self, key: tuple[slice | int, ...]) -> npt.NDArray[Any]:
        grid = self._stack.grid
        ranges = [
            range(k, k + 1) if isinstance(k, int) else range(*k.indices(size))
            for k, size in zip(key, grid, strict=False)
        ]
        out = np.empty((*map(len, ranges), *self._stack.stack.plane_shape), self.dtype)
        for position in np.ndindex(*map(len, ranges)):
            index = tuple(r[i] for r, i in zip(ranges, position, strict=True))
            out[position] = self._stack._fitting_plane(index, fill=self._fill)
        taken = (0 if isinstance(k, int) else slice(None) for k in key[: len(grid)])
        return out[(*taken, *key[len(grid) :])]


def _without_picture(verdict: Verdict, error: Exception) -> Verdict:
    """A verdict on a file that cannot be decoded, be its bytes those that were sealed or not."""
    problem = "there is not enough memory" if isinstance(error, MemoryError) else str(error)
    text = printable(f"The picture cannot be decoded: {problem}.")
    reason = Reason(code=ReasonCode.UNDECODABLE, message=text)
    outcome = Outcome.UNREADABLE if verdict.intact else verdict.verdict
    return replace(verdict, verdict=outcome, reasons=(*verdict.reasons, reason))
