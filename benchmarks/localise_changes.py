"""Changes for `localise.py`: edits in a place, and changes of the whole picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter
from scipy import ndimage, signal

RADII = (2, 3, 4, 6, 10, 16)
KINDS = (
    "erased",
    "added, typical",
    "added, 40 to 100 levels",
    "added, black or white",
    "copied and moved",
)

#: Edits of one file, and how far their centres lie apart.
EDITS, APART = 3, 70
#: A feature stands out by this many levels, and by more than its surroundings vary.
LEAST_CONTRAST = 6.0


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit: its centre and radius in pixels, and what it changed in levels.

    ``contrast`` is the mean change of the luma within the disc, without its sign: of an erased
    feature, how much it stood out.
    """

    y: int
    x: int
    radius: int
    contrast: float

    def touches(self, box: tuple[int, int, int, int], grown: int = 3) -> bool:
        """Whether a region touches the edit's box, grown by some pixels."""
        reach = self.radius + grown
        y0, x0, y1, x1 = box
        return (
            y0 <= self.y + reach
            and y1 > self.y - reach
            and x0 <= self.x + reach
            and x1 > self.x - reach
        )


def luma(pixels: np.ndarray) -> np.ndarray:
    """ITU-R BT.601 luma of a gray or RGB picture."""
    if pixels.ndim == 2:
        return pixels.astype(np.float32)
    return (pixels @ np.array([0.299, 0.587, 0.114])).astype(np.float32)


def features(plane: np.ndarray, radius: int) -> list[tuple[int, int, float]]:
    """Real features of a picture: y, x and how much their disc differs from the ring around it."""
    reach = 2 * radius + 3
    if min(plane.shape) < 2 * reach + 3:
        return []
    distance = _distances(reach)
    disc = distance <= radius
    ring = _ring(distance, radius)
    inside, around, squares = (
        signal.fftconvolve(values, mask / mask.sum(), mode="same")
        for values, mask in ((plane, disc), (plane, ring), (plane * plane, ring))
    )
    contrast = inside - around
    spread = np.sqrt(np.maximum(squares - around**2, 0))
    size = np.abs(contrast)
    chosen = (size == ndimage.maximum_filter(size, 2 * radius + 1)) & (
        size >= np.maximum(LEAST_CONTRAST, spread)
    )
    chosen[:reach] = chosen[-reach:] = False
    chosen[:, :reach] = chosen[:, -reach:] = False
    return [(int(y), int(x), float(contrast[y, x])) for y, x in np.argwhere(chosen)]


def edit(
    pixels: np.ndarray,
    kind: str,
    radius: int,
    found: list[tuple[int, int, float]],
    rng: np.random.Generator,
) -> tuple[np.ndarray, list[Edit]]:
    """Make up to three edits of one kind and radius.

    Parameters
    ----------
    pixels : (Y, X) or (Y, X, 3) ndarray of uint8
        The decoded picture of the sealed file.
    kind : str
        One of `KINDS`.
    radius : int
    found : list of (int, int, float)
        The picture's `features` of this radius: what is erased, and how strong what is added is.
    rng : Generator
    """
    height, width = pixels.shape[:2]
    margin = 2 * radius + 4
    if kind == "erased":
        places = [found[i][:2] for i in rng.permutation(len(found))]
    elif kind == "added, typical" and not found:
        return pixels, []
    else:
        places = [
            (int(rng.integers(margin, height - margin)), int(rng.integers(margin, width - margin)))
            for _ in range(60 if min(height, width) > 2 * margin else 0)
        ]
    out, edits = pixels.copy(), []
    for y, x in places:
        if any(max(abs(y - e.y), abs(x - e.x)) < APART for e in edits):
            continue
        before = out.copy()
        if kind == "erased":
            _erase(out, y, x, radius, rng)
        elif kind == "copied and moved":
            _copy(out, y, x, radius, rng)
        elif kind == "added, typical":
            _add(out, y, x, radius, found[int(rng.integers(len(found)))][2])
        elif kind == "added, black or white":
            _add(out, y, x, radius, 255 * _room(out, y, x, radius, rng))
        else:
            _add(out, y, x, radius, rng.uniform(40, 100) * _room(out, y, x, radius, rng))
        disc = _window(luma(out) - luma(before), y, x, radius)[_distances(radius) <= radius]
        if np.sqrt(np.mean(disc**2)) < LEAST_CONTRAST / 2:
            out = before  # nothing to see: a copy of the same, or added to what is white already
            continue
        edits.append(Edit(y, x, radius, float(abs(disc.mean()))))
        if len(edits) == EDITS:
            break
    return out, edits


def _distances(reach: int) -> np.ndarray:
    return np.hypot(*np.ogrid[-reach : reach + 1, -reach : reach + 1])


def _ring(distance: np.ndarray, radius: int) -> np.ndarray:
    return (distance > 1.4 * radius + 1) & (distance <= 2 * radius + 3)


def _window(pixels: np.ndarray, y: int, x: int, reach: int) -> np.ndarray:
    return pixels[y - reach : y + reach + 1, x - reach : x + reach + 1]


def _blend(window: np.ndarray, new: np.ndarray, radius: float) -> None:
    """Put new values into a disc with a soft edge."""
    share = np.clip(radius + 0.5 - _distances(len(window) // 2), 0, 1)
    share = share if window.ndim == 2 else share[..., None]
    window[...] = np.clip(np.round(window * (1 - share) + new * share), 0, 255).astype(np.uint8)


def _erase(pixels: np.ndarray, y: int, x: int, radius: int, rng: np.random.Generator) -> None:
    """Fill a disc as a careful forger does: the plane through the ring, and the ring's noise."""
    reach = 2 * radius + 3
    window = _window(pixels, y, x, reach)
    ring = _ring(_distances(reach), radius)
    yy, xx = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    terms = np.stack([np.ones_like(yy), yy, xx], axis=-1).astype(float)
    levels = window[ring].astype(float)
    fit = np.linalg.lstsq(terms[ring], levels, rcond=None)[0]
    noise = levels - terms[ring] @ fit
    _blend(window, terms @ fit + noise[rng.integers(0, len(noise), yy.shape)], radius + 1)


def _add(pixels: np.ndarray, y: int, x: int, radius: int, contrast: float) -> None:
    window = _window(pixels, y, x, radius + 2)
    _blend(window, window.astype(float) + contrast, radius)


def _room(pixels: np.ndarray, y: int, x: int, radius: int, rng: np.random.Generator) -> int:
    """Darker on bright ground, brighter on dark ground, either in between."""
    level = _window(luma(pixels), y, x, radius).mean()
    return -1 if level > 128 or (level > 60 and rng.random() < 0.5) else 1


def _copy(pixels: np.ndarray, y: int, x: int, radius: int, rng: np.random.Generator) -> None:
    height, width = pixels.shape[:2]
    reach = radius + 2
    from_y, from_x = (int(rng.integers(reach, n - reach)) for n in (height, width))
    _blend(_window(pixels, y, x, reach), _window(pixels, from_y, from_x, reach).copy(), radius)


# ----------------------------------------------------------------------------- the whole picture


def whole(
    pixels: np.ndarray, other: np.ndarray, rng: np.random.Generator
) -> Iterator[tuple[str, str, np.ndarray]]:
    """Kind of change, the codes that are right for it (divided by ``|``), the changed picture."""
    height, width = pixels.shape[:2]
    image = Image.fromarray(pixels)
    for turns in (1, 2, 3):
        yield "rotated by 90, 180 or 270 degrees", "rotated", np.rot90(pixels, turns)
    yield "mirrored", "flipped", pixels[:, ::-1]
    yield "mirrored", "flipped", pixels[::-1]
    y, x = (int(rng.integers(1, max(length // 5, 2))) for length in (height, width))
    yield "cropped", "cropped", pixels[y : y + height * 3 // 4, x : x + width * 3 // 4]
    yield "cropped", "cropped", pixels[: height * 9 // 10, : width * 4 // 5]
    for scale in (0.5, 0.8, 1.5):
        size = round(width * scale), round(height * scale)
        yield "resized", "resized", np.asarray(image.resize(size, Image.Resampling.LANCZOS))
    levels = np.arange(256.0)
    for name, curve in (
        ("brighter or darker", levels + 20),
        ("brighter or darker", levels - 15),
        ("contrast", (levels - 128) * 1.25 + 128),
        ("contrast", (levels - 128) * 0.7 + 128),
        ("gamma", 255 * (levels / 255) ** 0.7),
        ("gamma", 255 * (levels / 255) ** 1.5),
        ("inverted", 255 - levels),
    ):
        table = np.clip(np.round(curve), 0, 255).astype(np.uint8)
        yield name, "tone-changed", table[pixels]
    everywhere = "changed-everywhere|edited"
    for sigma in (1, 4):
        blurred = np.asarray(image.filter(ImageFilter.GaussianBlur(sigma)))
        yield "blurred", everywhere, blurred
    for sigma in (5, 20):
        noisy = pixels + rng.normal(0, sigma, pixels.shape)
        yield "noise added", everywhere, np.clip(np.round(noisy), 0, 255).astype(np.uint8)
    shifted = np.roll(pixels, (3, 5), (0, 1))
    yield "shifted by a few pixels", everywhere, shifted
    resized = Image.fromarray(other).convert(image.mode).resize((width, height))
    yield "replaced by another picture", "picture-replaced", np.asarray(resized)
