"""JPEG markers by their names (ITU T.81, table B.1), and how they are looked for."""

from __future__ import annotations

import re
from typing import Final

SOF0, SOI, EOI, SOS, COM = 0xC0, 0xD8, 0xD9, 0xDA, 0xFE
APP0, APP1, APP2, APP11, APP14, APP15 = 0xE0, 0xE1, 0xE2, 0xEB, 0xEE, 0xEF
RESTARTS: Final = frozenset(range(0xD0, 0xD8))

#: The first marker after entropy-coded data: FF and neither a stuffed zero, RSTn nor a fill byte.
END_OF_SCAN: Final = re.compile(rb"\xff(?=[^\x00\xff\xd0-\xd7])")
_RUN: Final = re.compile(rb"\xff+")


def last_of_run(data: bytes, position: int) -> int:
    """Offset of the last FF of the run of FF that begins here: what is before it is fill."""
    run = _RUN.match(data, position)
    return position if run is None else run.end() - 1
