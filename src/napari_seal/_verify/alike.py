"""What the files of an archive have in common, worked out once and recognised in the others.

The Exif blocks of files that `seal` writes differ in two values, and the tables before the scan
hardly at all.  What was found out about bytes is kept under these very bytes, so that a file with
other ones is looked at anew.
"""

from __future__ import annotations

from typing import Final, Generic, NamedTuple, TypeVar

from napari_seal._format import exif, limits
from napari_seal._format.forms import Forms, forms_with
from napari_seal.errors import FormatError

Known = TypeVar("Known")

#: What is kept at most: of blocks, one for each length of the record; and lengths of beginnings.
_MOST, _LENGTHS = 4096, 8
# Bytes before the two values in a block that is kept: files of one archive have some hundred.
_BEGINNING: Final = 4096

# TIFF types of single bytes: BYTE, ASCII, SBYTE, UNDEFINED (TIFF 6.0, section 2).
_BYTES: Final = frozenset((1, 2, 6, 7))
# DQT, SOF0 to SOF2, DHT, DRI: what may stand before the scan (T.81, table B.1).
_TABLES: Final = frozenset((0xDB, 0xC0, 0xC1, 0xC2, 0xC4, 0xDD))
_FRAMES: Final = frozenset((0xC0, 0xC1, 0xC2))
_SOS: Final = 0xDA
_TRANSFORMS: Final = {1: b"", 3: b"YCbCr"}


CODE: Final = b"ASCII\0\0\0"


class ExifLayout(NamedTuple):
    """Where the two values lie in a file's Exif block, and what the rest of it says.

    ``end`` is where the block ends; ``code`` is where UserComment begins, with its character code;
    ``text`` and ``text_end`` are where the record is, ``unique`` and ``unique_end`` where
    ImageUniqueID.  ``before`` and ``behind`` are the serialised tags but UserComment, without the
    value of ImageUniqueID between them; ``forms`` are those of records in blocks with these tags.
    """

    end: int
    code: int
    text: int
    text_end: int
    unique: int
    unique_end: int
    before: bytes
    behind: bytes
    forms: Forms


class _Beginnings(Generic[Known]):
    """Things known by the bytes that data begin with."""

    def __init__(self) -> None:
        self._known: dict[bytes, Known] = {}
        self._lengths: list[int] = []

    def find(self, data: bytes, at: int = 0) -> Known | None:
        """What is known of data that begin so, from ``at`` on."""
        for length in self._lengths:
            known = self._known.get(data[at : at + length])
            if known is not None:
                return known
        return None

    def keep(self, beginning: bytes, known: Known) -> None:
        """Remember it."""
        if len(self._known) >= _MOST or len(self._lengths) >= _LENGTHS:
            self._known.clear()
            self._lengths.clear()
        self._known[beginning] = known
        if len(beginning) not in self._lengths:
            self._lengths.append(len(beginning))


_layouts: Final[_Beginnings[ExifLayout]] = _Beginnings()
_heads: Final[_Beginnings[tuple[bytes, int]]] = _Beginnings()


def find_layout(data: bytes, at: int) -> ExifLayout | None:
    """The layout of the Exif block in the segment or chunk at this place, if it is known."""
    return _layouts.find(data, at)


def read_layout(data: bytes, at: int, block: int, end: int) -> ExifLayout | None:
    """The layout of an Exif block; None where it is none, or is not laid out as usual.

    Parameters
    ----------
    data : bytes
        The whole file.
    at : int
        Where the segment or chunk begins: with its length, by which it is known later.
    block, end : int
        Where the block in it begins and ends; the end may be behind the data.
    """
    if end - block > limits.SEGMENT_PAYLOAD:  # `seal` writes no larger one, in PNG either
        return None
    spans: list[exif.Span] = []
    try:
        tags = exif.read(data[block:end], spans)
    except FormatError:
        return None
    places = {span.key: span for span in spans}
    comment, unique = places.get(exif.USER_COMMENT), places.get(exif.IMAGE_UNIQUE_ID)
    if comment is None or unique is None:
        return None
    # In numbers of several bytes the order of the bytes would count.
    if not {tags[exif.USER_COMMENT].type, tags[exif.IMAGE_UNIQUE_ID].type} <= _BYTES:
        return None
    del tags[exif.USER_COMMENT]
    spelling = exif.spelling(tuple(tags))
    if spelling is None:
        return None
    serialised = [entry.serialise(key) for key, entry in tags.items()]
    number = list(tags).index(exif.IMAGE_UNIQUE_ID)
    head = serialised[number][: len(serialised[number]) - (unique.end - unique.start)]
    layout = ExifLayout(
        end=end,
        code=block + comment.start,
        text=block + comment.start + len(CODE),
        text_end=block + comment.end,
        unique=block + unique.start,
        unique_end=block + unique.end,
        before=b"".join([*serialised[:number], head]),
        behind=b"".join(serialised[number + 1 :]),
        forms=forms_with(spelling.pattern),
    )
    # Another block is alike if all that decides what is read of it stands before the two values.
    beginning = min(comment.start, unique.start)
    values = (exif.USER_COMMENT, exif.IMAGE_UNIQUE_ID)
    short = beginning <= _BEGINNING
    if short and all(span.end <= beginning for span in spans if span.key not in values):
        _layouts.keep(data[at : block + beginning], layout)
    return layout


def transform_of(data: bytes, at: int) -> bytes | None:
    """The colour-transform token, where tables, one frame and a scan header follow each other."""
    last = len(data) - 4  # a marker and a length before EOI
    found = _heads.find(data, at)
    if found is not None and at + found[1] <= last:
        return found[0]
    start, transform = at, None
    while at < last and data[at] == 0xFF:
        marker = data[at + 1]
        length = int.from_bytes(data[at + 2 : at + 4])
        if marker == _SOS:
            if transform is None or length < 2 or at + length > last:
                return None
            _heads.keep(data[start : at + 4], (transform, at + length - start))
            return transform
        if marker not in _TABLES or length < 2:
            return None
        if marker in _FRAMES:
            if transform is not None or length < 8 or at + 9 > last:
                return None
            components = data[at + 9]
            transform = _TRANSFORMS.get(components)
            if transform is None or length != 8 + 3 * components:
                return None
        at += 2 + length
    return None
