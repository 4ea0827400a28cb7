"""What must hold where files of strangers are adopted, and tags are put into their Exif blocks."""

from __future__ import annotations

import itertools

from make_vectors import codestream

from napari_seal._adopt.look import look
from napari_seal._adopt.prove import prove
from napari_seal._adopt.refusal import FORCEABLE, Forced
from napari_seal._adopt.splice import splice
from napari_seal._format import exif, jpeg
from napari_seal._format.exif import Entry
from napari_seal._format.exif_amend import amend, thumbnail
from napari_seal._format.seal import Seal
from napari_seal.errors import AdoptError, FormatError

#: Larger pictures are not decoded: a decoder's time is not what is looked for.
PIXELS = 1 << 18

_COMMENT = Entry(7, 30, b'ASCII\0\0\0{"seal":"123456789012"}'[:30])
_TAGS = {
    exif.USER_COMMENT: _COMMENT,
    exif.IMAGE_UNIQUE_ID: Entry(2, 33, b"0" * 32 + b"\0"),
    exif.SOFTWARE: Entry(2, 4, b"abc\0"),
}


def amended_block(block: bytes) -> None:
    """Tags that are put into a block are there, all others and the thumbnail are what they were."""
    for count in range(1, len(_TAGS) + 1):
        for keys in itertools.combinations(_TAGS, count):
            tags = {key: _TAGS[key] for key in keys}
            try:
                old = exif.read(block)
                new = amend(block, tags)
            except FormatError:
                return
            found = exif.read(new)
            assert found == {**old, **tags}
            assert thumbnail(new, found) == thumbnail(block, old)
            assert len(new) < len(block) + 6200  # one directory of each, and the values


def adopted_file(data: bytes) -> None:
    """A file is refused for a reason, or nothing changes but the seal; that is always proven."""
    if not jpeg.is_jpeg(data):
        return
    try:
        size = jpeg.walk(data).size
    except FormatError:
        size = None
    if size is not None and size[0] * size[1] > PIXELS:
        return
    forced = Forced(FORCEABLE)
    try:
        before = look(data, {}, forced)
        if isinstance(before, Seal):
            return
        new, seal = splice(before, forced=forced.used, algorithm="sha256", signer=None)
        prove(before, new, seal)
    except AdoptError as error:
        if error.code == "not-proven":
            raise AssertionError(str(error)) from error
        return
    assert codestream(new) == codestream(data)
    assert new.endswith(data[before.structure.scan_start or 0 :])
