"""Limits on what files from outside may ask of us, each with its reason."""

from __future__ import annotations

from typing import Final

#: A marker segment has a 16-bit length that counts itself (ITU T.81, B.1.1.4).
SEGMENT_PAYLOAD: Final = 65_533

#: Files are read whole; the largest legal picture below compresses to less.
FILE_BYTES: Final = 1 << 30

#: 16,384 x 16,384: 268 MB gray, 805 MB colour once decoded.
PIXELS: Final = 1 << 28

#: libjpeg's JPEG_MAX_DIMENSION.
SIDE: Final = 65_500

#: Real files have some dozens; 255 ICC and some hundreds of extended-XMP segments are legal.
SEGMENTS: Final = 4_096

#: Chunks of a PNG file: the largest file has as many where each holds 8 kB, as libpng makes them.
CHUNKS: Final = 131_072

#: XMP of a PNG file, decompressed.  Real packets have some kB.
XMP_BYTES: Final = 1 << 24

#: Decompressed samples of a damaged PNG file, to show what is left of it.
SAMPLE_BYTES: Final = 1 << 30

#: Pieces of the codestream: fill bytes within a scan, which cut it up, hardly exist in real files.
PIECES: Final = 65_536

#: libjpeg's own progressive script has 10 scans; each scan makes a decoder pass over the picture.
SCANS: Final = 100

#: A file has one; each more costs a walk through its directories.
EXIF_BLOCKS: Final = 16

#: Entries of one Exif directory.  Real ones have up to about 100.
EXIF_ENTRIES: Final = 512

#: Nesting of the JSON record, as read.
JSON_DEPTH: Final = 64

#: Nesting of user metadata, as written: below the limit above, with room for what wraps it.
METADATA_DEPTH: Final = 32

#: Axes of a stack; NumPy has at most 64, and file names have to hold them.
STACK_AXES: Final = 16

#: Characters of an axis's name.
AXIS_NAME: Final = 64

#: Planes of a stack: its index then has 45 MB.
STACK_PLANES: Final = 1 << 20

#: The largest index: one of that many planes, with metadata.
INDEX_BYTES: Final = 1 << 26
