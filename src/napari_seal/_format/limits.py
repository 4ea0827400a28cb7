"""Limits on what files from outside may ask of us, each with its reason."""

from __future__ import annotations

from typing import Final

#: A marker segment has a 16-bit length that counts itself (ITU T.81, B.1.1.4).
SEGMENT_PAYLOAD: Final = 65_533

#: Files are read whole; the largest legal picture below compresses to less.
FILE_BYTES: Final = 1 << 30

#: 16,384 x 16,384: 268 MB gray, 805 MB colour once decoded.
PIXELS: Final = 1 << 28

#: Its samples, decoded: as many bytes as that picture has in colour.  With transparency it may have
#: 201 megapixels.
PICTURE_BYTES: Final = 3 * PIXELS

#: libjpeg's JPEG_MAX_DIMENSION.
SIDE: Final = 65_500

#: Real files have some dozens; 255 ICC and some hundreds of extended-XMP segments are legal.
SEGMENTS: Final = 4_096

#: Chunks of a PNG file: the largest file has as many where each holds 8 kB, as libpng makes them.
CHUNKS: Final = 131_072

#: XMP of a PNG file, decompressed.  Real packets have some kB.
XMP_BYTES: Final = 1 << 24

#: Decompressed samples of a damaged PNG file, to show what is left of it: they are packed again.
SAMPLE_BYTES: Final = 1 << 26

#: Samples of a picture that is turned and mirrored in seven ways, to tell whether it was: of a
#: larger one the fingerprint tells.
TURNED_BYTES: Final = 1 << 26

#: Pieces of the codestream: fill bytes within a scan, which cut it up, hardly exist in real files.
PIECES: Final = 65_536

#: libjpeg's own progressive script has 10 scans; each scan makes a decoder pass over the picture.
SCANS: Final = 100

#: The same, each counted in every scan: a decoder then makes no more passes over the largest
#: picture than libjpeg's own script asks for.
SCANNED_PIXELS: Final = 10 * PIXELS

#: DQT segments that are looked at to tell a quality.  Real files have at most four tables.
QUANTISATION_SEGMENTS: Final = 64

#: Markers outside of scans by ExifTool's rule, which looks for them within what others take for a
#: segment.
EXIFTOOL_MARKERS: Final = 65_536

#: A file has one; each more costs a walk through its directories.
EXIF_BLOCKS: Final = 16

#: Exif of a PNG file; that of a JPEG file is in one segment.  Thumbnails have some 10 kB.
EXIF_BYTES: Final = 1 << 20

#: Exif in a text of a PNG file, as hexadecimal digits, decompressed: a segment has 130 kB of them.
RAW_EXIF_BYTES: Final = 1 << 18

#: Entries of one Exif directory.  Real ones have up to about 100.
EXIF_ENTRIES: Final = 512

#: Nesting of the JSON record, as read.
JSON_DEPTH: Final = 64

#: Commas in a record or an index.  A record of the largest size has half as many, so that an index
#: with the same metadata is read; each value takes some 100 bytes of memory.
JSON_VALUES: Final = 131_072

#: Nesting of user metadata, as written: below the limit above, with room for what wraps it.
METADATA_DEPTH: Final = 32

#: Packed bytes of a fingerprint: a seal without metadata stays below 3 kB.
TILES_BYTES: Final = 1_536

#: Tiles of a fingerprint: no code for one is shorter than a bit.
TILES: Final = 8 * TILES_BYTES

#: Tiles with a digest; with two bytes each, they are 0.6 % of a picture of a megapixel.
TILE_DIGESTS: Final = 4_096

#: Side of a tile: that of the largest picture.
TILE_SIDE: Final = 65_536

#: Axes of a stack; NumPy has at most 64, and file names have to hold them.
STACK_AXES: Final = 16

#: Characters of an axis's name.
AXIS_NAME: Final = 64

#: Planes of a stack: its index then has 45 MB.
STACK_PLANES: Final = 1 << 20

#: The largest index: one of that many planes, with metadata.
INDEX_BYTES: Final = 1 << 26

#: A key file: one in PEM has some hundred bytes, and software may write comments around it.
KEY_FILE: Final = 65_536

#: A list of trusted keys, the keys in it, and characters of a name: more than any laboratory has.
TRUST_BYTES: Final = 4_000_000
TRUST_KEYS: Final = 10_000
TRUST_NAME: Final = 100
#: Bytes of a line of it: to read a key of many parts takes their number squared.
TRUST_LINE: Final = 512

#: Bytes of a passphrase: OpenSSL takes no more.
PASSPHRASE_BYTES: Final = 1023

#: Certificates for time stamps: those of all authorities that browsers know have 250 kB.
CERTIFICATES_BYTES: Final = 4_000_000

#: A reply of a time-stamp authority: with a chain of certificates it has some kilobytes.
TIMESTAMP_BYTES: Final = 1 << 18

#: A text or blob in a ledger: a path has 4 kB, the reasons for a verdict some more, and a row of
#: the index of digests has nearly as much as this if all files claim the same ones.
LEDGER_VALUE: Final = 1 << 22

#: A statement about a ledger has some 500 bytes.
STATEMENT_BYTES: Final = 4_096

#: A line of a manifest: a path has at most 4 kB, escaped three times as much.
MANIFEST_LINE: Final = 1 << 16

#: A line of a report that is checked: a picture of a page is on one, and all reasons of a file.
REPORT_LINE: Final = 1 << 26

#: An image that `napari-seal seal` reads from an address, and a TIFF image that cannot be read by
#: planes.
SOURCE_BYTES: Final = 1 << 32

#: A chunk of a Zarr array, decompressed: it is decoded whole, however little of it is needed.
ZARR_CHUNK: Final = 1 << 31

#: Images in one OME-Zarr container: nine fields of each of 1,536 wells are 13,824.
ZARR_IMAGES: Final = 100_000

#: Values in a frame of an ND2 file, which is read whole, with all its channels.
SOURCE_FRAME: Final = 4 * PIXELS

#: Planes of an image to be sealed: a file of some kilobytes can claim any number.
SOURCE_PLANES: Final = 10_000_000
