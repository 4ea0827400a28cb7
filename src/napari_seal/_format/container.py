"""What a JPEG and a PNG file have in common, for whoever seals or checks either."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from napari_seal._format import jpeg, png

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_seal._format.digest import Digest

#: The formats of sealed files, as a seal names them.
Format = Literal["jpeg", "png"]


class Container(Protocol):
    """The structure of an image file.

    Attributes
    ----------
    data : bytes
        The whole file.
    end : int or None
        Offset after the end of the image; None where the data end before it.
    """

    data: bytes
    end: int | None

    @property
    def format(self) -> Format:
        """Which of the formats it is."""

    @property
    def length(self) -> int:
        """Number of bytes in the codestream, without a token."""

    @property
    def size(self) -> tuple[int, int] | None:
        """Height and width as the header says; None where there is no header."""

    @property
    def has_begun(self) -> bool:
        """Whether anything stands behind the first bytes."""

    @property
    def has_picture(self) -> bool:
        """Whether there are image data at all."""

    @property
    def is_animated(self) -> bool:
        """Whether some viewers show other pictures than the first."""

    @property
    def is_ambiguous(self) -> bool:
        """Whether decoders disagree about the image data."""

    def codestream(self, algorithm: str) -> Digest:
        """Digest of all bytes that a decoder uses."""

    def scan(self, algorithm: str) -> Digest:
        """Digest of the compressed data by ExifTool's ImageDataHash rule."""

    def exif_blocks(self) -> Iterator[bytes]:
        """Exif blocks, each from its byte-order mark on."""

    def xmp_packets(self) -> Iterator[bytes]:
        """XMP packets, without the name that they stand under."""

    def others(self) -> list[str]:
        """What else stands in the file, in words, one for each segment or chunk."""

    def damaged(self) -> list[str]:
        """Names of parts beside the image data whose check sums are wrong."""


def is_image(data: bytes) -> bool:
    """Whether the data begin like a file of one of the formats."""
    return jpeg.is_jpeg(data) or png.is_png(data)


def walk(data: bytes, *, to_final_marker: bool = False) -> Container:
    """Find the structure of a file; see `jpeg.walk` and `png.walk`.

    Parameters
    ----------
    data : bytes
        The whole file.
    to_final_marker : bool
        A shortcut through a JPEG whose codestream is then proven, or not.

    Raises
    ------
    LimitError
        More parts than `limits` allow.
    FormatError
        Neither JPEG nor PNG.
    """
    if png.is_png(data):
        return png.walk(data)
    return jpeg.walk(data, to_final_marker=to_final_marker)
