"""Which stored image is this?  The digests by which a file at hand may be in a ledger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from napari_seal._format import container
from napari_seal._format.algorithms import DEFAULT_ALGORITHM
from napari_seal._format.digest import Digest
from napari_seal._format.legacy import MoedalSeal, digest_moedal
from napari_seal._text import printable
from napari_seal._verify.check import check_bytes
from napari_seal._verify.load import load
from napari_seal._verify.verdict import Reason
from napari_seal.errors import FormatError, ImageError

if TYPE_CHECKING:
    import numpy.typing as npt


def digests_of_file(path: str) -> Iterator[tuple[str, Digest]]:
    """Yield digests to search for, each with the words for what it is of.

    Parameters
    ----------
    path : str
        A TIFF or NumPy file, perhaps with a stack, or a JPEG or PNG file, sealed or not.

    Raises
    ------
    ImageError
        It cannot be read as an image.
    """
    data = load(path)
    if isinstance(data, Reason):
        raise ImageError(f"{printable(path)}: {data.message}")
    if container.is_image(data):
        yield from _of_stored(path, data)
        return
    from napari_seal._format.pixels import digest_array
    from napari_seal._images import read_image

    try:
        image = read_image(path)
    except ImageError as error:
        raise ImageError(f"{printable(path)} {error}") from error
    yield "the array", digest_array(image).digest
    for number, plane in enumerate(_planes(image)):
        yield f"plane {number}", digest_array(plane).digest


def _planes(image: npt.NDArray[Any]) -> Iterator[npt.NDArray[Any]]:
    """The planes of a stack, as ``napari-seal seal --planes`` takes them; none of one picture."""
    if image.ndim < 3 or (image.ndim == 3 and image.shape[2] in (3, 4)) or not image.size:
        return
    plane = image.shape[-3:] if image.shape[-1] == 3 else image.shape[-2:]
    yield from image.reshape(-1, *plane)


def _of_stored(path: str, data: bytes) -> Iterator[tuple[str, Digest]]:
    """What is in the file, and what its seal says of where it comes from."""
    from napari_seal._format.pixels import decode, digest_array

    try:
        structure = container.walk(data)
        yield "the image data", structure.codestream(DEFAULT_ALGORITHM)
        pixels = decode(structure)
    except FormatError as error:
        raise ImageError(f"{printable(path)}: {error}") from error
    yield "the pixels", digest_array(pixels).digest
    yield "the pixels, by the MoEDAL function", Digest("sha224", digest_moedal(pixels))
    seal = check_bytes(data, path).seal
    if seal is not None and not isinstance(seal, MoedalSeal) and seal.source is not None:
        yield "the source in its seal", seal.source.digest
