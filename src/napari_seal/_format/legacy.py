"""Files of the MoEDAL function: a digest under the misspelt key ``sha244``, nothing else sealed.

The digest is SHA-224 of the decoded gray image as float32.  It depends on the decoder, does not
bind the image's shape, and protects neither the metadata nor the Exif tags.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from napari_seal._format.metadata import MOEDAL_KEY, SEAL_KEY
from napari_seal._text import printable
from napari_seal.errors import FormatError, JsonError

if TYPE_CHECKING:
    import numpy.typing as npt

_HEX: Final = re.compile(r"[0-9a-f]{56}")
# Of a picture at a time.
_ROWS: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class MoedalSeal:
    """What a file of the MoEDAL function holds.

    Parameters
    ----------
    pixels : str
        SHA-224 of the decoded image as float32, 56 hexadecimal digits.
    metadata : mapping
        The user's own keys.  Nothing protects them.
    """

    pixels: str
    metadata: Mapping[str, Any]

    @property
    def version(self) -> int:
        """0: older than the numbered formats."""
        return 0


def digest_moedal(image: npt.NDArray[Any]) -> str:
    """The digest of the MoEDAL function for a decoded image."""
    import numpy as np

    digest = hashlib.sha224()
    for start in range(0, len(image), _ROWS):  # as float32 it is four times as large
        rows = np.ascontiguousarray(image[start : start + _ROWS], dtype="<f4")
        digest.update(rows.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def parse_moedal(text: bytes) -> MoedalSeal | None:
    """Read the JSON that the MoEDAL function wrote; None where there is no such JSON.

    More is let through than in a seal: the function wrote whatever ``json.dumps`` made of the
    user's dictionary, NaN included.

    Raises
    ------
    FormatError
        There is the key, and no digest under it or no JSON around it.
    """
    if f'"{MOEDAL_KEY}"'.encode() not in text:
        return None
    try:
        value = json.loads(text.decode("ascii"))
    except (ValueError, RecursionError) as error:
        raise JsonError(f"the metadata are not valid JSON: {printable(error, 200)}") from error
    if not isinstance(value, dict) or MOEDAL_KEY not in value or SEAL_KEY in value:
        return None
    digest = value.pop(MOEDAL_KEY)
    if not isinstance(digest, str) or not _HEX.fullmatch(digest):
        raise FormatError(f"{MOEDAL_KEY} is not 56 hexadecimal digits: {printable(digest, 80)}")
    return MoedalSeal(pixels=digest, metadata=value)
