"""Signs and colours of verdicts: complete, legible, and told apart with every colour vision."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from napari_seal import Outcome
from napari_seal._verify.looks import COLOURS, LOOKS, SIGNS, Colours, Tone

# Machado, Oliveira and Fernandes (2009), severity 1.0, for linear RGB.
VISIONS = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def linear(colour: str) -> np.ndarray:
    """Linear RGB of ``#rrggbb`` (IEC 61966-2-1)."""
    levels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)


def contrast(colour: str, ground: str) -> float:
    """The contrast ratio of WCAG 2.2."""
    light, dark = sorted(
        (float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (colour, ground)), reverse=True
    )
    return (light + 0.05) / (dark + 0.05)


def seen(colour: str, vision: str) -> np.ndarray:
    """CIE L*a*b* of a colour as somebody sees it."""
    rgb = np.clip(VISIONS[vision] @ linear(colour), 0, 1)
    encoded = np.where(rgb <= 0.0031308, rgb * 12.92, 1.055 * rgb ** (1 / 2.4) - 0.055)
    color = pytest.importorskip("skimage.color", reason="scikit-image is not installed")
    return np.asarray(color.rgb2lab(encoded))


def test_every_verdict_has_a_look() -> None:
    """No verdict is shown without a sign, and only `intact` looks good."""
    assert list(LOOKS) == list(Outcome)
    assert [o for o, look in LOOKS.items() if look.tone is Tone.GOOD] == [Outcome.INTACT]
    assert set(SIGNS) == set(COLOURS) == set(Tone)
    assert len(set(SIGNS.values())) == len(Tone)
    assert len({look.words for look in LOOKS.values()}) == len(Outcome)


@pytest.mark.parametrize("ground", Colours._fields)
@pytest.mark.parametrize("vision", VISIONS)
def test_tones_are_told_apart(ground: str, vision: str) -> None:
    """An alarm differs from the rest by ten times what can just be seen (2.3), the rest by four."""
    colours = {tone: seen(getattr(COLOURS[tone], ground), vision) for tone in Tone}
    for a, b in combinations(Tone, 2):
        least = 23 if b is Tone.BAD else 9.2
        assert np.linalg.norm(colours[a] - colours[b]) > least, (a, b)


def test_small_text_is_legible() -> None:
    """On a page the contrast is that of WCAG's level AA, on either ground."""
    for colours in COLOURS.values():
        assert contrast(colours.on_white, "#ffffff") >= 4.5
        assert contrast(colours.on_white, "#f4f6f8") >= 4.5
        assert contrast(colours.on_black, "#14181c") >= 4.5
        assert contrast(colours.canvas, "#14161a") >= 4.5
        assert min(contrast(colours.text, ground) for ground in ("#ffffff", "#262930")) >= 3
