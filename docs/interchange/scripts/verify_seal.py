"""Verify a sealed JPEG file with nothing but Python, 3.11 or later.

Run it as ``python verify_seal.py < FILE``.  Exit code 0: the image and its metadata are as they
were sealed.  Everything else ends with 1.
"""

import hashlib
import re
import sys

# The record as `seal` writes it; the digest in it is of what stands before.
RECORD = (
    rb'(?s)ASCII\0{3}(\{.*[{,]"seal":\{"version":1,"codestream":"sha256:(\w+)","length":(\d+),.*)'
    rb',"record":"sha256:(\w+)"(?:,"signature":\{[^{}]*\})?\}\}[\0 ]*'
)
data, at, segments = sys.stdin.buffer.read(), 2, [b"\xff\xd8"]
while data[at + 1] != 0xDA and len(segments) < 4096:  # up to the scan
    segments.append(data[at : at + 2 + int.from_bytes(data[at + 2 : at + 4])])
    at += len(segments[-1])
(exif,) = [s for s in segments if s[1] == 0xE1 and s[4:8] == b"Exif"]
# The tag UserComment, wherever it stands: number, type, size and place.  There must be just one.
size, place = map(int.from_bytes, *re.findall(rb"(?s)\x92\x86(?=..(.{4})(.{4}))", exif))
seal = re.fullmatch(RECORD, exif[10 + place : 10 + place + size]) or sys.exit("unsupported")
(frame,) = [s for s in segments if s[1] in b"\xc0\xc1\xc2"]
# A decoder uses all but APPn and COM segments.  JFIF says what colours the components stand for.
image = b"".join(s for s in segments if not re.match(rb"\xff[\xe0-\xef\xfe]", s)) + data[at:]
image = image[: int(seal[3])] + b"YCbCr" * (frame[9] == 3)
known = data.startswith(b"\xff\xd8\xff\xe0\0\x10JFIF\0") and exif[10:12] == b"MM"
found = [hashlib.sha256(part).hexdigest().encode() for part in (image, seal[1])]
sys.exit(0 if known and found == [seal[2], seal[4]] else "CHANGED, or laid out in another way")
