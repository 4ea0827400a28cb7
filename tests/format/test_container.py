"""What is asked of a file in either format."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from mutators import insert_before, segment
from png_mutators import chunk, insert, xmp_chunk
from support import nuclear_tracks, sealed_bytes

from napari_seal._format import container
from napari_seal.errors import FormatError

IMAGE = nuclear_tracks((40, 60))
FILES = {name: sealed_bytes(IMAGE, name=f"a.{name}") for name in ("jpg", "png")}
FORMATS = {"jpg": "jpeg", "png": "png"}


@pytest.mark.parametrize("name", FILES)
def test_both_answer_the_same_questions(name: str) -> None:
    """Format, size, end, Exif and XMP of a sealed file, by the same names."""
    data = FILES[name]
    found = container.walk(data)
    assert container.is_image(data)
    assert (found.format, found.size, found.end) == (FORMATS[name], (40, 60), len(data))
    assert found.data is data
    assert found.has_begun
    assert found.has_picture
    assert not found.is_animated
    assert not found.is_ambiguous
    assert len(list(found.exif_blocks())) == len(list(found.xmp_packets())) == 1
    assert (found.others(), found.damaged()) == ([], [])
    assert found.codestream("sha256").algorithm == found.scan("sha256").algorithm == "sha256"
    assert 0 < found.length < len(data)


def test_the_protocol_is_what_both_have() -> None:
    """Every name that it asks for is there, on files of either format."""
    names = [name for name in vars(container.Container) if not name.startswith("_")]
    assert len(names) > 10
    for data in FILES.values():
        structure = container.walk(data)
        assert all(hasattr(structure, name) for name in names)
        assert inspect.signature(structure.codestream).parameters.keys() >= {"algorithm"}


def test_what_was_added_is_named_alike() -> None:
    """A comment and a text, in words; a further XMP packet among the packets."""
    comment = insert_before(0xDB, segment(0xFE, b"hi"))(FILES["jpg"])
    text = insert(b"IDAT", chunk(b"tEXt", b"Comment\0hi"))(FILES["png"])
    for data in (comment, text):
        (words,) = container.walk(data).others()
        assert words
    packets = list(container.walk(insert(b"IDAT", xmp_chunk(b"<x/>"))(FILES["png"])).xmp_packets())
    assert packets[1] == b"<x/>"
    assert packets[0] in container.walk(FILES["png"]).xmp_packets()


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x89PNG", b"\xff\xd9", np.zeros(9).tobytes()])
def test_other_files_are_neither(data: bytes) -> None:
    """They are refused, whatever is asked."""
    assert not container.is_image(data)
    with pytest.raises(FormatError):
        container.walk(data)
