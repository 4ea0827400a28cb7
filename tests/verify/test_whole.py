"""What was done to a whole picture: named where it is certain, and nothing is named elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from mutators import redraw, resave, then
from PIL import Image
from support import PICTURES, nuclear_tracks, picture, sealed_bytes, sealed_picture

from napari_seal import Reason, Verdict
from napari_seal._verify.check import check_bytes

Draw = Callable[[np.ndarray], np.ndarray]
NAMES = {
    *("rotated", "flipped", "cropped", "resized", "tone-changed", "picture-replaced"),
    *("seal-copied",),
}


def changed(name: str, draw: Draw, **options: object) -> Verdict:
    """The verdict on one of the pictures, redrawn."""
    verdict = check_bytes(redraw(draw, **options)(sealed_picture(name)), "a")
    assert verdict.verdict == "image-changed"
    return verdict


def named(verdict: Verdict) -> list[Reason]:
    """The reasons that name a change of the whole picture."""
    return [reason for reason in verdict.reasons if reason.code in NAMES]


TURNS: dict[str, tuple[Draw, str]] = {
    "rotated by 90 degrees anticlockwise": (np.rot90, "rotated"),
    "rotated by 180 degrees": (lambda p: np.rot90(p, 2), "rotated"),
    "rotated by 90 degrees clockwise": (lambda p: np.rot90(p, -1), "rotated"),
    "mirrored left to right": (lambda p: p[:, ::-1], "flipped"),
    "mirrored top to bottom": (lambda p: p[::-1], "flipped"),
    "mirrored along the diagonal from the top left": (lambda p: p.swapaxes(0, 1), "flipped"),
    "mirrored along the diagonal from the top right": (
        lambda p: np.rot90(p, 2).swapaxes(0, 1), "flipped"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("quality", [50, 90])
def test_each_turn_has_its_name(name: str, quality: int) -> None:
    """All seven ways of turning and mirroring, on wide, high and square pictures."""
    for words, (turn, code) in TURNS.items():
        verdict = changed(name, turn, quality=quality)
        (reason,) = named(verdict)
        assert (reason.code, reason.message) == (code, f"The picture was {words}."), words
        assert verdict.regions == ()


@pytest.mark.parametrize("name", ["tracks", "camera", "coffee"])
@pytest.mark.parametrize(
    ("y", "x", "height", "width"), [(0, 0, 200, 250), (37, 51, 230, 260), (80, 100, 240, 300)]
)
def test_a_crop_is_named_with_its_place(name: str, y: int, x: int, height: int, width: int) -> None:
    """The rows and columns are those that were cut out, within a pixel."""
    verdict = changed(name, lambda p: p[y : y + height, x : x + width])
    (reason,) = named(verdict)
    assert reason.code == "cropped"
    numbers = [int(number) for number in re.findall(r"\d+", reason.message)]
    sealed = picture(name).shape[:2]
    assert numbers == pytest.approx([y, y + height, x, x + width, *sealed], abs=1), reason.message
    assert verdict.scores is None
    assert "size-changed" in {r.code for r in verdict.reasons}


def resized(scale: float) -> Draw:
    """Scale by Pillow."""

    def draw(pixels: np.ndarray) -> np.ndarray:
        height, width = pixels.shape[:2]
        size = round(width * scale), round(height * scale)
        return np.asarray(Image.fromarray(pixels).resize(size))

    return draw


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("scale", [0.5, 0.75, 1.5])
def test_a_resized_picture_is_named_with_its_scale(name: str, scale: float) -> None:
    """Smaller and larger."""
    (reason,) = named(changed(name, resized(scale)))
    assert (reason.code, reason.message) == (
        "resized", f"The picture was resized to {scale:.0%} of its size."
    )  # fmt: skip


def tone(function: Callable[[np.ndarray], np.ndarray]) -> Draw:
    """Apply a curve to the levels."""
    return lambda p: np.clip(np.rint(function(p.astype(float))), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize(
    ("curve", "words"),
    [
        (lambda v: 0.8 * v, r"about 0\.(79|80|81) times the old level"),
        (lambda v: 0.7 * v + 30, r"about 0\.(69|70|71) times the old level, plus (29|30|31)"),
        (lambda v: 255 * (v / 255) ** 1.3, "gamma"),
        (lambda v: 255 - v, "The levels were inverted: dark became bright everywhere"),
    ],
    ids=["darker", "less contrast", "gamma", "inverted"],
)
def test_a_change_of_tone_is_named(
    name: str, curve: Callable[[np.ndarray], np.ndarray], words: str
) -> None:
    """Brightness, contrast and gamma with their numbers; no place is accused."""
    verdict = changed(name, tone(curve))
    (reason,) = named(verdict)
    assert reason.code == "tone-changed"
    assert re.search(words, reason.message), reason.message
    assert verdict.regions == ()


ROWS, COLUMNS = np.mgrid[:320, :400]
SYMMETRIC = {
    "flat": np.full((320, 320), 100),
    "nearly flat": 100 + 2 * np.sin(np.mgrid[:320, :320][0] / 20),
    "mirror image of itself": 128 + 100 * np.cos((COLUMNS - 199.5) / 30),
    "the same in every row": np.repeat([60 + 40 * np.sin(np.arange(400) ** 2 / 9000)], 320, 0),
    "chequered": 60.0 + 120 * ((ROWS // 32 + COLUMNS // 32) % 2),
}


@pytest.mark.parametrize("content", SYMMETRIC)
def test_symmetric_and_flat_pictures_are_not_named_wrongly(content: str) -> None:
    """Where several turns would do, none is claimed; nor a tone, a place, another picture."""
    data = sealed_bytes(SYMMETRIC[content].astype(np.uint8), window=(0, 255))
    for words, (turn, _) in TURNS.items():
        verdict = check_bytes(redraw(turn, quality=75)(data), "a")
        turned = np.array_equal(
            turn(SYMMETRIC[content].astype(np.uint8)), SYMMETRIC[content].astype(np.uint8)
        )
        found = named(verdict)
        if turned:
            assert found == [], words
            assert verdict.regions == ()
        else:
            assert {r.code for r in found} <= {"rotated", "flipped"}, (words, found)


@pytest.mark.parametrize("level", [0, 60, 130, 255])
def test_another_flat_picture_is_no_other_picture(level: int) -> None:
    """Of a flat field there is nothing to recognise: brightened, it is only changed everywhere."""
    data = sealed_bytes(np.full((256, 256), 100, np.uint8), window=(0, 255))
    verdict = check_bytes(redraw(lambda p: np.full_like(p, level))(data), "a")
    assert named(verdict) == []
    assert verdict.verdict == "image-changed"


def test_a_picture_turned_and_toned_is_no_other_picture() -> None:
    """Two changes at once are not named, and not taken for a replacement."""
    for turn, _ in TURNS.values():
        verdict = changed("camera", lambda p, turn=turn: tone(lambda v: 0.6 * v)(turn(p)))
        assert named(verdict) == []


@pytest.mark.parametrize(
    "draw",
    [
        lambda p: np.roll(p, 5, 1),
        lambda p: np.asarray(Image.fromarray(p).rotate(3)),
        lambda p: np.asarray(Image.fromarray(p).effect_spread(9)),
    ],
    ids=["moved", "turned by 3 degrees", "scrambled"],
)
@pytest.mark.parametrize("name", ["camera", "tracks", "coffee"])
def test_other_changes_of_the_whole_get_no_wrong_name(name: str, draw: Draw) -> None:
    """What has no name gets none."""
    assert named(changed(name, draw)) == []


@pytest.mark.parametrize("pair", [("camera", "moon"), ("coffee", "coffee"), ("moon", "astronaut")])
def test_another_picture_is_told(pair: tuple[str, str]) -> None:
    """Of the same size, with the seal left in place; also of another kind of picture."""
    sealed, other = pair
    if sealed == other:
        pixels = np.random.default_rng(0).integers(0, 255, picture(sealed).shape, np.uint8)
        pixels = pixels[::50, ::50].repeat(50, 0).repeat(50, 1)
    else:
        pixels = np.asarray(picture(other))
    (reason,) = named(changed(sealed, lambda _: pixels.copy()))
    assert reason.code == "picture-replaced"


def test_small_pictures_are_not_named() -> None:
    """Fewer than 64 tiles are too few to be certain."""
    data = sealed_bytes(nuclear_tracks((96, 112)))
    for turn, _ in TURNS.values():
        assert named(check_bytes(redraw(turn)(data), "a")) == []


def test_saved_twice_and_turned_is_still_a_turn() -> None:
    """Losses on the way do not hide it."""
    way = then(redraw(TURNS["rotated by 180 degrees"][0], quality=50), resave(quality=85))
    (reason,) = named(check_bytes(way(sealed_picture("astronaut")), "a"))
    assert reason.code == "rotated"


def patches(low: int, high: int) -> bytes:
    """A sealed picture of bright patches on black ground."""
    rng = np.random.default_rng(2)
    pixels = np.zeros((400, 400), np.uint8)
    for y, x in rng.integers(0, 19, (90, 2)) * 20:
        pixels[y : y + 20, x : x + 20] = rng.integers(low, high)
    return sealed_bytes(pixels, window=(0, 255))


def test_noise_on_black_ground_is_not_called_a_change_of_tone() -> None:
    """Clipped at black, it makes dark tiles brighter; a curve does so too, and leaves them flat."""
    rng = np.random.default_rng(2)

    def noisy(pixels: np.ndarray) -> np.ndarray:
        return np.clip(pixels + rng.normal(0, 20, pixels.shape), 0, 255).astype(np.uint8)

    assert named(check_bytes(redraw(noisy, quality=75)(patches(200, 256)), "a")) == []
    softer = redraw(tone(lambda v: 0.8 * v + 20), quality=75)(patches(60, 220))
    (reason,) = named(check_bytes(softer, "a"))
    assert reason.code == "tone-changed"


def test_white_that_became_gray_is_part_of_the_curve() -> None:
    """White is where a power law leaves everything as it is: it has no logarithm to divide by."""
    rng = np.random.default_rng(0)
    levels = rng.integers(20, 170, (40, 40))
    levels[:20] = 255
    data = sealed_bytes(np.kron(levels, np.ones((16, 16), int)).astype(np.uint8), window=(0, 255))
    step = check_bytes(data, "a").seal.tiles["step"]
    assert 254 + step / 2 == 255, "the middle of white's interval is white"
    (reason,) = named(check_bytes(redraw(tone(lambda v: 0.8 * v))(data), "a"))
    assert reason.code == "tone-changed"
    assert "about 0.80 times the old level" in reason.message
