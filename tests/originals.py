"""An original, alone and as a plane of a stack, and what is drawn over its sealed picture."""

from __future__ import annotations

import numpy as np
from support import nuclear_tracks

TRACKS = nuclear_tracks((160, 200))
STACK = np.stack([TRACKS[::-1], TRACKS, TRACKS[:, ::-1]])


def spot(pixels: np.ndarray) -> np.ndarray:
    """Dark, 12 x 12 pixels at (51, 67): wherever JPEG blocks begin."""
    pixels[51:63, 67:79] = 10
    return pixels
