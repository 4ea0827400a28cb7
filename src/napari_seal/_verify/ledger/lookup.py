"""Which stored image is this?  The digests by which a file at hand may be in a ledger."""

from __future__ import annotations

from collections.abc import Iterator

from napari_seal._format import container
from napari_seal._format.algorithms import DEFAULT_ALGORITHM
from napari_seal._format.digest import Digest
from napari_seal._format.legacy import MoedalSeal, digest_moedal
from napari_seal._text import printable
from napari_seal._verify.check import check_bytes
from napari_seal._verify.load import load
from napari_seal._verify.reasons import Reason
from napari_seal.errors import FormatError, ImageError


def digests_of_file(path: str) -> Iterator[tuple[str, Digest]]:
    """Yield digests to search for, each with the words for what it is of.

    Parameters
    ----------
    path : str
        Anything that ``napari-seal seal`` reads, perhaps with a stack, or a JPEG or PNG file,
        sealed or not.

    Raises
    ------
    ImageError
        It cannot be read as an image.
    """
    from napari_seal._format.pixels import digest_array
    from napari_seal._images import is_zarr, number_of_planes, open_images, planes

    if not (is_zarr(path) or path.lower().endswith((".nd2", ".czi"))):  # too large to be read whole
        data = load(path)
        if isinstance(data, Reason):
            raise ImageError(f"{printable(path)}: {data.message}")
        if container.is_image(data):
            yield from _of_stored(path, data)
            return
    try:
        with open_images(path) as images:
            for image in images:
                of = f" of {printable(image.name, 60)}" if image.name else ""
                single = number_of_planes(image) == 1
                for number, (_, plane) in enumerate(planes(image)):
                    words = "the array" if single else f"plane {number}"
                    yield words + of, digest_array(plane).digest
    except ImageError as error:
        raise ImageError(f"{printable(path)} {error}") from error


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
