"""From JPEG bytes to sealed JPEG bytes."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import piexif
import pytest
from mutators import APP1, EXIF, XMP, exif_payload, find, record_text, spans, splice
from PIL import Image

from napari_seal import MetadataError, Window
from napari_seal._format.pixels import digest_array
from napari_seal._seal.embed import embed
from napari_seal._seal.encode import encode_jpeg

LEVELS = np.arange(1024, dtype=np.uint8).reshape(32, 32)
ENCODED = encode_jpeg(LEVELS, 90)


def embedded(metadata: dict[str, Any] | None = None, **options: Any) -> bytes:
    """A sealed file in memory."""
    return embed(
        ENCODED,
        source=digest_array(LEVELS, axes="YX"),
        window=Window(low=0, high=255),
        quality=90,
        metadata=metadata or {},
        exif_tags=options.get("exif", {}),
        layer=options.get("layer"),
        moedal=options.get("moedal", False),
    )[0]


def test_only_two_segments_are_added() -> None:
    """Without Exif and XMP the file is the encoder's, byte for byte, and JFIF comes first."""
    data = embedded({"a": 1})
    assert [m for m, _, _ in spans(data)][:3] == [0xE0, APP1, APP1]
    data = splice(data, *find(data, APP1, starts=XMP), b"")
    assert splice(data, *find(data, APP1, starts=EXIF), b"") == ENCODED


def test_the_seal_tells_of_the_file() -> None:
    """Digests can be had by hand; times and versions are there."""
    data = embedded({"a": 1})
    body = json.loads(record_text(data))["seal"]
    pixels = np.asarray(Image.open(io.BytesIO(data)))
    assert body["pixels"]["digest"] == "sha256:" + hashlib.sha256(pixels.tobytes()).hexdigest()
    assert body["pixels"]["shape"] == [32, 32]
    assert body["source"]["digest"] == "sha256:" + hashlib.sha256(LEVELS.tobytes()).hexdigest()
    start = find(data, 0xDA)[0]
    assert body["scan"] == "sha256:" + hashlib.sha256(data[start:-2]).hexdigest()
    assert body["length"] == len(ENCODED) - 18
    created = datetime.fromisoformat(body["created"])
    assert timedelta(0) <= datetime.now(UTC) - created < timedelta(minutes=1)
    assert {"napari-seal", "Pillow"} < set(body["software"])


def test_standard_tags_are_where_other_software_looks() -> None:
    """ImageUniqueID, Software and the user's tags, read by an outside library."""
    tags = piexif.load(exif_payload(embedded(exif={"Make": "Zeiss", "ExposureTime": (1, 50)})))
    assert tags["Exif"][0xA420] == hashlib.sha256(LEVELS.tobytes()).hexdigest()[:32].encode()
    assert tags["0th"][0x0131].startswith(b"napari-seal ")
    assert (tags["0th"][0x010F], tags["Exif"][0x829A]) == (b"Zeiss", (1, 50))


def test_the_limit_of_a_segment_is_met_exactly() -> None:
    """Metadata may use all of the segment's 65,533 bytes; one more is refused, with its key."""
    room = 65_533 - len(exif_payload(embedded({"big": ""}))) - 4
    full = embedded({"big": "x" * room})
    assert len(exif_payload(full)) in range(65_526, 65_534)
    assert json.loads(record_text(full))["big"] == "x" * room
    with pytest.raises(MetadataError, match=f"65,533.*'big' with {room + 10:,} bytes"):
        embedded({"big": "x" * (room + 8)})


def test_the_moedal_key_stands_before_the_seal() -> None:
    """On request, `sha244` is written among the user's keys."""
    assert list(json.loads(record_text(embedded({"a": 1}, moedal=True)))) == ["a", "sha244", "seal"]
    assert "sha244" not in json.loads(record_text(embedded({"a": 1})))
