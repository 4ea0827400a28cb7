"""What a seal holds, as it stands between the text of a record and whoever makes or checks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from napari_seal._format.digest import Digest
from napari_seal._format.keys import KeyCheck
from napari_seal._format.place import StackPlace
from napari_seal._format.signature import SealSignature
from napari_seal._format.window import Window

if TYPE_CHECKING:
    from napari_seal._format.adoption import Adoption
    from napari_seal._format.container import Format

VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayDigest:
    """Digest of an array's bytes in C order, little-endian, with what the bytes do not say.

    Parameters
    ----------
    digest : Digest
        Of the bytes, nothing else.
    shape : tuple of int
        In the order of ``axes``.
    dtype : str
        NumPy's name of the type, such as ``"uint16"``.
    axes : str, optional
        One letter an axis, as in OME-TIFF: ``"YX"`` or ``"YXS"`` (S: samples of a colour).
    """

    digest: Digest
    shape: tuple[int, ...]
    dtype: str
    axes: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExifDigest:
    """Digest over the sealed Exif tags.

    Parameters
    ----------
    digest : Digest
        Over all sealed tags.
    tags : mapping of str to str
        A short check value for each sealed tag, by ``directory:0xnumber``.
    """

    digest: Digest
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """A seal of format version 1, with the user's metadata.

    Parameters
    ----------
    format : {"jpeg", "png"}
        Of the file that was sealed.
    codestream : Digest
        Of all bytes that a decoder uses: the proof that the image is unchanged.
    length : int
        Number of bytes in the codestream, so that a truncated file can say how much is left.
    scan : Digest
        By ExifTool's ImageDataHash rule.
    pixels : ArrayDigest
        Of the decoded samples.
    source : ArrayDigest, optional
        Of the array before scaling and compression.
    window : Window, optional
        How its intensities were mapped to the levels that are stored.
    quality : int, optional
        JPEG quality, 1 to 100.
    exif : ExifDigest
        Of the Exif tags present at sealing.
    tiles : mapping, optional
        Fingerprint that tells where the picture was changed; see `napari_seal._format.tiles`.
    tile_digests : mapping, optional
        Of a lossless picture, short digests of its tiles; see `napari_seal._format.tile_digests`.
    keys : mapping of str to KeyCheck, optional
        A check value for each of the user's keys, so that a changed one can be named.
    layer : mapping, optional
        What napari knew of the layer.
    stack : StackPlace, optional
        Where the image lies in a stack; see `napari_seal.seal_stack`.
    adopted : Adoption, optional
        Only of a file that existed before it was sealed; see `napari_seal.adopt`.
    created : str
        UTC time of sealing, ISO 8601.
    software : mapping of str to str
        Versions of what made the file.
    record : Digest, optional
        Of the record's text; None in a seal that is not yet written.
    signature : SealSignature, optional
        What follows the record; `napari_seal.check` says whether it holds.
    metadata : mapping
        The user's own keys, at the top level of the JSON object.
    other : mapping
        Keys of ``seal`` that version 1 does not define; kept and covered by ``record``.
    """

    codestream: Digest
    length: int
    scan: Digest
    pixels: ArrayDigest
    exif: ExifDigest
    created: str
    software: Mapping[str, str]
    format: Format = "jpeg"
    source: ArrayDigest | None = None
    window: Window | None = None
    quality: int | None = None
    tiles: Mapping[str, Any] | None = None
    tile_digests: Mapping[str, Any] | None = None
    keys: Mapping[str, KeyCheck] | None = None
    layer: Mapping[str, Any] | None = None
    stack: StackPlace | None = None
    adopted: Adoption | None = None
    record: Digest | None = None
    signature: SealSignature | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    other: Mapping[str, Any] = field(default_factory=dict)

    @property
    def version(self) -> int:
        """Version of the format."""
        return VERSION

    @property
    def identity(self) -> str:
        """What the file carries as ImageUniqueID: the first 32 hex digits of `source`."""
        return (self.source or self.pixels).digest.hex[:32]
