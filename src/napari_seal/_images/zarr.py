"""OME-Zarr 0.4 and 0.5, through zarr, with yaozarrs to validate the metadata."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, Final

from napari_seal._format import limits
from napari_seal._images.opened import OpenedImage, arrange, letters, missing_reader
from napari_seal._images.plain import opened
from napari_seal._images.units import steps
from napari_seal._text import printable
from napari_seal.errors import ImageError

#: Codecs of Zarr 2 that do nothing but decode.  numcodecs has others: ``pickle`` runs code.
_CODECS: Final = {
    "adler32", "astype", "bitround", "blosc", "bz2", "crc32", "crc32c", "delta", "fixedscaleoffset",
    "fletcher32", "gzip", "jenkins_lookup3", "lz4", "lzma", "packbits", "quantize", "shuffle",
    "zlib", "zstd",
}  # fmt: skip


@contextmanager
def open_zarr(path: str) -> Iterator[list[OpenedImage]]:
    """Open a Zarr folder: an image for each multiscale image, field of a plate, or series."""
    try:
        import yaozarrs
        import zarr
    except ImportError as error:
        package = "yaozarrs" if getattr(error, "name", None) == "yaozarrs" else "zarr"
        raise missing_reader(package, "zarr", error) from error

    root = zarr.open(path, mode="r")
    if isinstance(root, zarr.Array):
        _check(root)
        yield [opened(root, "Zarr")]
    else:
        found = list(islice(_images(root, yaozarrs), limits.ZARR_IMAGES + 1))
        if len(found) > limits.ZARR_IMAGES:
            raise ImageError(f"claims to hold more than {limits.ZARR_IMAGES:,} images")
        yield found


def _images(group: Any, yaozarrs: Any, name: str = "") -> Iterator[OpenedImage]:
    about, models = _metadata(group, yaozarrs)
    if "multiscales" in about:
        image = yaozarrs.validate_ome_object(_only("multiscales", about), models.Image)
        channels = _channels(about.get("omero"))
        for number, multiscale in enumerate(image.multiscales):
            title = name or (str(multiscale.name or number) if len(image.multiscales) > 1 else "")
            yield _image(group, multiscale, channels, title)
    elif "plate" in about:
        plate = yaozarrs.validate_ome_object(_only("plate", about), models.Plate).plate
        for well in plate.wells:
            inside, models = _metadata(group[well.path], yaozarrs)
            fields = yaozarrs.validate_ome_object(_only("well", inside), models.Well).well.images
            for field in fields:
                place = f"{well.path}/{field.path}"
                yield from _images(group[place], yaozarrs, place)
    elif "bioformats2raw.layout" in about:
        for number in sorted(int(key) for key in group.group_keys() if key.isdecimal()):
            yield from _images(group[str(number)], yaozarrs, f"series {number}")
    else:
        raise ImageError("is a Zarr group without the metadata of OME-Zarr 0.4 or 0.5")


def _metadata(group: Any, yaozarrs: Any) -> tuple[dict[str, Any], Any]:
    """Return the metadata of OME, and yaozarrs' models of their version."""
    attributes = dict(group.attrs)
    inner = attributes.get("ome")
    if isinstance(inner, dict):
        return inner, yaozarrs.v05
    return attributes, yaozarrs.v04


def _only(key: str, about: dict[str, Any]) -> dict[str, Any]:
    """What is needed of the metadata: faults in other parts do no harm."""
    return {name: about[name] for name in ("version", key) if name in about}


def _image(group: Any, multiscale: Any, channels: tuple[str, ...], name: str) -> OpenedImage:
    """The finest level: the first, as the specification has it."""
    finest = multiscale.datasets[0]
    array = group[finest.path]
    _check(array)
    names = [str(axis.name) for axis in multiscale.axes]
    if len(names) != array.ndim:
        raise ImageError(
            f"names the axes {printable(', '.join(names), 100)}, and its array has {array.ndim}"
        )
    lettered = letters(names)
    factors = [1.0] * len(names)
    for transform in (
        *finest.coordinateTransformations,
        *(multiscale.coordinateTransformations or ()),
    ):
        if transform.type == "scale":
            factors = [a * b for a, b in zip(factors, transform.scale, strict=True)]
    measured = {
        letter: (factor, getattr(axis, "unit", None))
        for letter, factor, axis in zip(lettered, factors, multiscale.axes, strict=True)
        if axis.type in ("space", "time")
    }
    scale, units = steps(measured)
    # Without a unit, a step of 1 counts pixels.
    scale = {axis: number for axis, number in scale.items() if axis in units or number != 1}
    arranged, axes = arrange(array, lettered, "Zarr")
    known = "C" in lettered and len(channels) == array.shape[lettered.index("C")]
    return OpenedImage(
        array=arranged,
        axes=axes,
        name=name,
        scale=scale,
        units=units,
        channels=channels if known else (),
    )


def _channels(omero: Any) -> tuple[str, ...]:
    """Return the names of channels; the block is not part of the validated image."""
    channels = omero.get("channels") if isinstance(omero, dict) else None
    if not isinstance(channels, list):
        return ()
    names = [one.get("label") if isinstance(one, dict) else None for one in channels]
    return tuple(map(str, names)) if all(names) else ()


def _check(array: Any) -> None:
    """Refuse an array that could run code, or whose chunks do not fit into memory."""
    if not hasattr(array, "shape"):
        raise ImageError("has no array where its metadata name one")
    if array.dtype.kind not in "biuf":
        raise ImageError(f"is an array of {array.dtype}, which is no image")
    if array.metadata.zarr_format == 2:
        codecs = (array.metadata.compressor, *(array.metadata.filters or ()))
        for codec in filter(None, codecs):
            if codec.codec_id not in _CODECS:
                raise ImageError(
                    f"is stored with the codec {printable(codec.codec_id, 60)}, which is not read"
                )
    size = math.prod(array.chunks) * array.dtype.itemsize
    if size > limits.ZARR_CHUNK:
        raise ImageError(f"has chunks of {size:,} bytes; up to {limits.ZARR_CHUNK:,} are read")
