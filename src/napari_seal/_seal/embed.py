"""From encoded to sealed bytes: digests into the record, the record into the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy.typing as npt
import PIL

from napari_seal._format import (
    container,
    exif,
    jpeg,
    limits,
    png,
    record,
    tile_digests,
    tiles,
    times,
    xmp,
)
from napari_seal._format.algorithms import DEFAULT_ALGORITHM
from napari_seal._format.digest import Digest, digest_of
from napari_seal._format.exif_tags import encode, lay_out, tag_name
from napari_seal._format.legacy import digest_moedal
from napari_seal._format.markers import SOF0
from napari_seal._format.pixels import decode, decoder, digest_array
from napari_seal._format.place import StackPlace
from napari_seal._format.seal import ArrayDigest, ExifDigest, Seal
from napari_seal._format.signature import Signer
from napari_seal._format.window import Window
from napari_seal._seal.meanwhile import begin
from napari_seal._version import __version__
from napari_seal.errors import MetadataError

_SOFTWARE = f"napari-seal {__version__}"


def embed(
    encoded: bytes,
    *,
    source: ArrayDigest,
    window: Window,
    quality: int | None,
    metadata: Mapping[str, Any],
    exif_tags: Mapping[str, Any],
    layer: Mapping[str, Any] | None,
    moedal: bool,
    place: StackPlace | None = None,
    algorithm: str = DEFAULT_ALGORITHM,
    signer: Signer | None = None,
    look: Callable[[], None] | None = None,
    aside: bool = False,
) -> tuple[bytes, Seal]:
    """Seal a JPEG or PNG picture in memory.

    Parameters
    ----------
    encoded : bytes
        A file of our own making.
    source, window, quality, metadata, exif_tags, layer, moedal, place, algorithm, signer
        What the seal says, and by what means.
    look : callable, optional
        Called between what takes long; what it raises ends the work.
    aside : bool
        Whether digests are computed in threads beside the rest.

    Returns
    -------
    data : bytes
        The file.  Apart from the added segments, the bytes of ``encoded``.
    seal : Seal
        As it stands in the file.

    Raises
    ------
    MetadataError
        The metadata or tags cannot be stored, or do not fit the 65,533 bytes of a JPEG segment,
        which is the limit for PNG, too.
    """
    # To look for the end of the scan takes longer than the digests, and our own encoder's is the
    # only one, and ends with the file.
    structure = container.walk(encoded, to_final_marker=True)
    # Always SHA-256, which ExifTool knows.
    if isinstance(structure, jpeg.Jpeg) and _has_one_scan(structure):
        digest_scan: Callable[[str], Digest] = structure.only_scan
    else:
        structure = container.walk(encoded)
        digest_scan = structure.scan
    of_file = begin(lambda: (structure.codestream(algorithm), digest_scan("sha256")), aside=aside)
    _look(look)
    samples: npt.NDArray[Any] = decode(structure, own=True)
    _look(look)
    of_samples = begin(partial(_digest_samples, samples, algorithm, moedal=moedal), aside=aside)
    fingerprint = tiles.measure(samples)
    _look(look)
    exact = tile_digests.measure(samples) if structure.format == "png" else None
    (codestream, scan), (pixels, sha244) = of_file(), of_samples()
    draft = Seal(
        format=structure.format,
        codestream=codestream,
        length=structure.length,
        scan=scan,
        pixels=pixels,
        source=source,
        window=window,
        quality=quality,
        tiles=fingerprint,
        tile_digests=exact,
        exif=ExifDigest(digest=digest_of([], algorithm), tags={}),
        layer=layer,
        stack=place,
        created=times.now(),
        software={"napari-seal": __version__, "Pillow": PIL.__version__}
        | decoder(structure.format),
        metadata=metadata,
    )
    tags = encode(exif_tags, draft.identity, _SOFTWARE)
    keys = [*tags]
    draft = replace(
        draft,
        exif=ExifDigest(
            digest=exif.sealed_digest(tags, keys, algorithm),
            tags={exif.key_text(k): exif.check_value(k, tags[k], algorithm) for k in keys},
        ),
    )
    text = record.dump(draft, moedal=sha244, signer=signer)
    block = lay_out(tags, text)
    if len(block) > limits.SEGMENT_PAYLOAD:
        entries = record.sizes(text) | {
            f"Exif tag {tag_name(key)}": len(entry.value) for key, entry in tags.items()
        }
        largest = max(entries, key=lambda name: entries[name])
        raise MetadataError(
            f"the Exif block would have {len(block):,} bytes and may have "
            f"{limits.SEGMENT_PAYLOAD:,}; the largest entry is {largest!r} with "
            f"{entries[largest]:,} bytes: "
            "shorten it, or store it elsewhere and seal its digest"
        )
    packet = xmp.build(scan)
    if structure.format == "png":
        chunks = [(b"eXIf", block[len(exif.SIGNATURE) :]), (b"iTXt", png.XMP_START + packet)]
        data = png.insert_chunks(encoded, chunks)
    else:
        data = jpeg.insert_segments(encoded, [block, xmp.SIGNATURE + packet])
    return data, record.parse(record.load(text))


def _digest_samples(
    samples: npt.NDArray[Any], algorithm: str, *, moedal: bool
) -> tuple[ArrayDigest, str | None]:
    """The digest of the decoded samples, and that of the MoEDAL function, if wanted."""
    pixels = digest_array(samples, algorithm=algorithm)
    return pixels, digest_moedal(samples) if moedal else None


def _look(look: Callable[[], None] | None) -> None:
    if look is not None:
        look()


def _has_one_scan(structure: jpeg.Jpeg) -> bool:
    """Whether the first scan has all components of a baseline picture, so that no other follows.

    Each component is in one scan (T.81, A.2.2 and F.1.1).
    """
    frame, start = structure.frame, structure.scan_start
    if frame is None or start is None or frame.marker != SOF0:
        return False
    return structure.data[start + 4 : start + 5] == bytes([len(frame.components)])
