"""A seal as plain values for ``layer.metadata["seal"]``, and these as lines for people."""

from __future__ import annotations

import copy
import datetime
import json
from collections.abc import Iterator, Mapping
from typing import Any

from napari_seal._text import printable

# A value longer than this is cut; the tooltip of a table cell is no place for 60 kB.
_LONGEST = 2000


def seal_values(seal: Any) -> dict[str, Any]:
    """Return what a seal holds as values that JSON has a form for.

    Parameters
    ----------
    seal : Seal or MoedalSeal
        As it stands in the file.
    """
    entry: dict[str, Any] = {"version": seal.version, "metadata": copy.deepcopy(seal.metadata)}
    window = getattr(seal, "window", None)
    if window is not None:
        entry["window"] = [window.low, window.high]
    source = getattr(seal, "source", None)
    if source is not None:
        entry["source"] = str(source.digest)
        entry["source_dtype"] = str(source.dtype)
        entry["source_shape"] = list(source.shape)
    pixels = seal.pixels
    entry["pixels"] = pixels if isinstance(pixels, str) else str(pixels.digest)
    for key in ("codestream", "scan", "record"):
        if getattr(seal, key, None) is not None:
            entry[key] = str(getattr(seal, key))
    for key in ("format", "identity", "quality", "created", "software", "layer"):
        value = getattr(seal, key, None)
        if value is not None:
            entry[key] = dict(value) if isinstance(value, Mapping) else value
    return entry


def seal_lines(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Return what a seal says, name and value, in the order in which people ask for it.

    Parameters
    ----------
    entry : mapping
        ``layer.metadata["seal"]``.  Missing values give no line.

    Yields
    ------
    (str, str)
        Safe to be shown as plain text.
    """
    if "version" not in entry:
        return
    lines = {
        "Identity": entry.get("identity"),
        "Sealed": _time(entry.get("created")),
        "Signature": entry.get("signature"),
        "Signed by": entry.get("signer"),
        "Source": _source(entry),
        "Window": _window(entry.get("window")),
        "JPEG quality": entry.get("quality"),
        "Software": _software(entry.get("software")),
        "Format": _format(entry),
        "Codestream": entry.get("codestream"),
        "Pixels": entry.get("pixels"),
        "Source digest": entry.get("source"),
        "Scan": entry.get("scan"),
        "Record": entry.get("record"),
    }
    for name, value in lines.items():
        if value is not None:
            yield name, printable(value, _LONGEST)


def metadata_lines(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Return the user's own metadata in the seal, as `seal_lines` does."""
    for name, value in (entry.get("metadata") or {}).items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        yield printable(name, 200), printable(text, _LONGEST)


def _format(entry: Mapping[str, Any]) -> str:
    if not entry["version"]:
        return "MoEDAL (sha244)"
    return f"{str(entry.get('format', 'jpeg')).upper()}, version {entry['version']}"


def _time(text: Any) -> str | None:
    """2026-03-01T12:00:05Z as people write it; anything else as it stands."""
    if text is None:
        return None
    try:
        time = datetime.datetime.fromisoformat(text)
    except ValueError:
        return str(text)
    zone = " UTC" if time.tzinfo is not None and not time.utcoffset() else time.strftime(" %Z")
    return f"{time:%Y-%m-%d %H:%M:%S}{zone}".rstrip()


def _source(entry: Mapping[str, Any]) -> str | None:
    shape = entry.get("source_shape")
    if not shape:
        return None
    return f"{' x '.join(map(str, shape))}, {entry.get('source_dtype')}"


def _window(window: Any) -> str | None:
    return f"{window[0]:,} to {window[1]:,}" if window else None


def _software(versions: Any) -> str | None:
    if not isinstance(versions, Mapping):
        return versions if versions is None else str(versions)
    return ", ".join(f"{name} {version}" for name, version in versions.items())
