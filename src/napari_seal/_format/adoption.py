"""What the seal of an adopted file says of the time before: the file was there, and was not sealed.

A file that is sealed when it is made has no such part in its seal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from napari_seal._format import exif, xmp
from napari_seal._format.digest import Digest, digest_of
from napari_seal._format.exif_amend import thumbnail
from napari_seal._format.markers import APP0
from napari_seal.errors import FormatError

if TYPE_CHECKING:
    from napari_seal._format.exif import Entry, Key
    from napari_seal._format.jpeg import Jpeg

#: What the digest of the MoEDAL function said when the file was adopted.
Moedal = Literal["none", "intact", "broken"]

_MOEDAL: Final[dict[str, Moedal]] = {state: state for state in get_args(Moedal)}
_CODE: Final = re.compile(r"[a-z0-9-]{1,40}")
_SHA224: Final = re.compile(r"[0-9a-f]{56}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """What was known of a file that existed before it was sealed.

    Parameters
    ----------
    sha244 : {"none", "intact", "broken"}
        What the digest of the MoEDAL function said.
    beside : Digest
        Of what stood in the file beside its image, its Exif tags and our XMP; see `digest_beside`.
    expected, found : str, optional
        Where ``sha244`` was broken: what stood there, and the digest of the picture.
    forced : sequence of str
        For what the file would have been refused, had it not been forced.
    """

    sha244: Moedal
    beside: Digest
    expected: str | None = None
    found: str | None = None
    forced: Sequence[str] = ()

    def as_dict(self) -> dict[str, Any]:
        """As it stands in the seal."""
        out = {
            "sha244": self.sha244,
            "expected": self.expected,
            "found": self.found,
            "forced": list(self.forced) or None,
            "beside": str(self.beside),
        }
        return {key: value for key, value in out.items() if value is not None}


def parse_adoption(body: Mapping[str, Any]) -> Adoption:
    """Inverse of `Adoption.as_dict`; unknown keys are ignored.

    Raises
    ------
    FormatError
        A key is missing or has another type.
    """
    state = body.get("sha244")
    if not isinstance(state, str) or state not in _MOEDAL:
        raise FormatError("the seal's adopted 'sha244' is not one of none, intact and broken")
    digests = [body[key] for key in ("expected", "found") if key in body]
    forced = body.get("forced", [])
    if not all(isinstance(digest, str) and _SHA224.fullmatch(digest) for digest in digests):
        raise FormatError("the seal's adopted 'expected' and 'found' are not 56 hexadecimal digits")
    if not isinstance(forced, list) or not all(
        isinstance(code, str) and _CODE.fullmatch(code) for code in forced
    ):
        raise FormatError("the seal's adopted 'forced' is not a list of codes")
    return Adoption(
        sha244=_MOEDAL[state],
        beside=Digest.parse(body.get("beside")),
        expected=body.get("expected"),
        found=body.get("found"),
        forced=tuple(forced),
    )


def digest_beside(
    structure: Jpeg, entries: Mapping[Key, Entry], scan: Digest, algorithm: str
) -> Digest:
    """Digest of what is in a JPEG file beside its codestream, its Exif tags and our XMP packet.

    The segments that the codestream leaves out, as they are and in their order, but for the first
    APP0, those with Exif and those with our packet; the thumbnail in the Exif block, with its
    length before it; the bytes behind the end of the image.
    """
    data = structure.data
    view = memoryview(data)
    ours = xmp.SIGNATURE + xmp.build(scan)
    headers = [segment for segment in structure.excluded if segment.marker == APP0][:1]
    pieces = [
        view[segment.start : segment.end]
        for segment in structure.excluded
        if segment not in headers
        and not exif.is_exif(data, segment)
        and data[segment.payload] != ours
    ]
    picture = thumbnail(next(structure.exif_blocks(), b""), entries)
    end = len(data) if structure.end is None else structure.end
    return digest_of([*pieces, len(picture).to_bytes(4), picture, view[end:]], algorithm)
