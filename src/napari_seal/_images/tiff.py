"""TIFF files of all dialects that tifffile knows: OME-TIFF, ImageJ, MetaMorph and plain ones."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt

from napari_seal._images.opened import OpenedImage, PlaneArray, arrange, letters
from napari_seal._images.tiff_metadata import describe
from napari_seal.errors import ImageError

# What cannot be read plane by plane is held in memory.
_WHOLE_BYTES: Final = 1 << 32
# TIFF 6.0, PhotometricInterpretation: those whose samples are red, green and blue when decoded.
_COLOUR: Final = {2: "RGB", 6: "YCbCr"}
_NOT_RGB: Final = {5: "CMYK", 8: "CIELAB", 9: "ICCLAB", 10: "ITULAB", 32845: "LogLuv"}
# TIFF 6.0, ExtraSamples.
_ALPHA: Final = (1, 2)


@contextmanager
def open_tiff(path: str | IO[bytes]) -> Iterator[list[OpenedImage]]:
    """Open a TIFF file: an image for each series that tifffile finds in it."""
    import tifffile

    with tifffile.TiffFile(path) as file:
        about = describe(file)
        yield [_open_series(path, file, index, about[index]) for index in range(len(file.series))]


def _open_series(
    path: str | IO[bytes], file: Any, index: int, about: dict[str, Any]
) -> OpenedImage:
    series = file.series[index]
    axes = _axes(series)
    array, axes = _lazily(path, series, index, axes)
    about["name"] = series.name or about.get("name", "")
    channels = about.pop("channels", ())
    known = axes.count("C") and len(channels) == array.shape[axes.index("C")]
    return OpenedImage(array=array, axes=axes, channels=channels if known else (), **about)


def _axes(series: Any) -> str:
    """Return tifffile's letters, each once; S only for colours."""
    axes, page = str(series.axes), series.keyframe
    if "S" in axes:
        kind = int(page.photometric)
        if kind in _NOT_RGB:
            raise ImageError(f"is a {_NOT_RGB[kind]} picture; convert it to RGB first")
        if any(int(extra) in _ALPHA for extra in page.extrasamples):
            raise ImageError("has an alpha channel, which JPEG does not; remove it first")
        if kind not in _COLOUR or series.shape[axes.index("S")] != 3:
            axes = axes.replace("S", "Q" if "C" in axes else "C")
    return letters(axes)


def _lazily(path: str | IO[bytes], series: Any, index: int, axes: str) -> tuple[PlaneArray, str]:
    import tifffile

    if any(page is None for page in series.pages):
        raise ImageError(
            "lacks planes that its metadata name; a file that belongs to it is missing"
        )
    if isinstance(path, str) and series.dataoffset is not None and series.transform is None:
        return arrange(tifffile.memmap(path, series=index, mode="r"), axes, "TIFF")
    pages, page = series.pages, series.keyframe
    outer = series.ndim - len(page.shape)
    by_page = (
        series.transform is None
        and series.shape[outer:] == page.shape
        and math.prod(series.shape[:outer]) == len(pages)
        and sum(letter not in "YXS" for letter in axes[outer:]) == 0
    )
    if by_page:
        return arrange(_Pages(series, outer), axes, "TIFF")
    if series.nbytes > _WHOLE_BYTES:
        raise ImageError(
            f"is stored in a way that is not read by plane, and has {series.nbytes:,} bytes; save "
            "it as OME-TIFF"
        )
    return arrange(series.asarray(), axes, "TIFF")


class _Pages:
    """A series as an array of its pages, each decoded when it is asked for."""

    def __init__(self, series: Any, outer: int) -> None:
        self.shape, self.dtype = tuple(series.shape), series.dtype
        self._pages, self._outer = series.pages, outer

    def __getitem__(self, index: tuple[Any, ...]) -> npt.NDArray[Any]:
        number = 0
        for at, length in zip(index[: self._outer], self.shape, strict=False):
            number = number * length + at
        page = self._pages[number]
        if page is None:
            raise ImageError(f"lacks plane {number}, which its metadata name")
        plane = np.asarray(page.asarray())
        return np.asarray(plane[index[self._outer :]])
