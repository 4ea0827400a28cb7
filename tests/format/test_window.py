"""The mapping of intensities to 8 bits and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from napari_seal import OptionError, Window, restore_intensity

TYPES = ["b1", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"]


def moedal(y: np.ndarray) -> np.ndarray:
    """The MoEDAL formula, in its own arithmetic on float64."""
    z = (65535 * ((y - y.min()) / (y.max() - y.min()))).astype(np.uint16)
    return z // 256


def test_every_uint16_value_of_the_full_range() -> None:
    """All 65,536 intensities get the MoEDAL level."""
    y = np.arange(65536, dtype=np.uint16)
    assert np.array_equal(Window(low=0, high=65535).scale(y), moedal(y))


def test_every_exact_tie_of_every_range() -> None:
    """Where the formula hits a multiple of 256 exactly, rounding does not tip it over."""
    ties = 0
    for k in range(1, 256):
        divisor = 65535 // np.gcd(k, 65535)  # 256 and 65535 have no factor in common
        for extent in range(divisor, 65536, divisor):
            d = 256 * k * extent // 65535
            y = np.array([0, d - 1, d, min(d + 1, extent), extent], np.uint16)
            assert np.array_equal(Window(low=0, high=extent).scale(y), moedal(y)), (k, extent)
            ties += 1
    assert ties > 1000


@pytest.mark.parametrize("kind", TYPES)
def test_a_flat_image_is_black(kind: str) -> None:
    """Where low and high are equal every level is 0, whatever the type."""
    image = np.ones((70, 3), kind)
    assert not Window(low=1, high=1).scale(image).any()


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize(
    "window", [(0, 1), (-(2**40), 2**40), (2**41, 2**42), (-9, -3), (0.0, 0.5), (-1.5, 300)]
)
def test_values_outside_are_clipped(kind: str, window: tuple[float, float]) -> None:
    """Below the window is 0, above it 255, also where the type cannot reach the window."""
    low, high = window
    image = np.array([[0, 1], [1, 0]], kind)
    expected = [int(65535 * ((min(max(v, low), high) - low) / (high - low))) // 256 for v in (0, 1)]
    levels = Window(low=low, high=high).scale(image)
    assert (levels.dtype, levels.tolist()) == (np.uint8, [expected, expected[::-1]])


def test_uint8_and_bool_come_back_exactly() -> None:
    """What 8 bits hold is restored without loss."""
    levels = np.arange(256, dtype=np.uint8)
    window = Window(low=0, high=255)
    assert np.array_equal(window.scale(levels), levels)
    assert np.array_equal(window.restore(levels), levels)
    mask = np.array([True, False])
    stored = Window(low=0, high=1).scale(mask)
    assert stored.tolist() == [255, 0]
    assert Window(low=0, high=1).restore(stored).tolist() == [1, 0]


@pytest.mark.parametrize("extent", [*range(1, 256), 256, 300, 4095, 65535])
def test_restored_values_are_within_one_step(extent: int) -> None:
    """Every intensity comes back to within one level's width; small ranges come back exactly."""
    image = np.arange(1000, 1000 + extent + 1)
    window = Window(low=1000, high=1000 + extent)
    error = np.abs(window.restore(window.scale(image)) - image).max()
    assert error == 0 if extent <= 255 else error <= window.step


def test_restore_intensity_takes_a_seals_window() -> None:
    """Without a window the levels are the intensities."""
    levels = np.array([[0, 7]], np.uint8)
    assert restore_intensity(levels, None).tolist() == [[0.0, 7.0]]
    assert restore_intensity(levels, Window(low=0, high=255)).dtype == np.float64


def test_the_array_is_not_touched() -> None:
    """Scaling works on a copy, also where no copy of the type is needed."""
    image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    levels = Window(low=0, high=255).scale(image)
    levels[:] = 0
    assert image.max() == 255


HOSTILE = [
    (-1e308, 1e308), (1e308, -1e308), (-(10**308), 10**308), (0, 1.7e308), (9, 1), (0, 2**70),
    (10**300, 10**300 + 1), (0, 5e-324), (-1.7976931348623157e308, 1.7976931348623157e308),
]  # fmt: skip


@pytest.mark.parametrize(("low", "high"), HOSTILE)
def test_a_hostile_window_restores_to_finite_values_within_it(low: float, high: float) -> None:
    """What a file may claim and no writer makes gives numbers between its two ends."""
    window = Window(low=low, high=high)
    restored = restore_intensity(np.arange(256, dtype=np.uint8), window)
    assert np.isfinite(restored).all()
    assert np.isfinite(window.step)
    assert (restored >= float(min(low, high))).all()
    assert (restored <= float(max(low, high))).all()
    steps = np.diff(restored)
    assert (steps >= 0).all() if low <= high else (steps <= 0).all()


@pytest.mark.parametrize(
    "bad",
    [
        *("a", None, True, 1j, float("nan"), float("inf"), 10**309, np.arange(2)),
        pytest.param(10**5000, id="5001 digits"),
    ],
)
def test_a_window_of_anything_but_finite_numbers_is_refused(bad: object) -> None:
    """Either end, with an error of ours."""
    for ends in ({"low": bad, "high": 3}, {"low": 3, "high": bad}):
        with pytest.raises(OptionError, match="two finite numbers"):
            Window(**ends)  # type: ignore[arg-type]


def test_a_window_of_numpy_scalars_holds_numbers() -> None:
    """Minimum and maximum of an array are what they are in Python."""
    image = np.array([3, 300], np.uint16)
    window = Window(low=image.min(), high=image.max())  # type: ignore[arg-type]
    assert (window, type(window.low)) == (Window(low=3, high=300), int)
    assert type(Window(low=np.float32(0.5), high=1).low) is float  # type: ignore[arg-type]


# ----------------------------------------------------------------------------------------- 16 bits


@pytest.mark.parametrize(("kind", "low"), [("u2", 0), ("i2", -32768), ("i8", 7), ("u4", 65536)])
def test_every_whole_number_of_a_full_range_is_its_own_level(kind: str, low: int) -> None:
    """Over 65,536 whole numbers the level is the value less the lowest."""
    values = np.arange(low, low + 65536).astype(kind)
    window = Window(low=low, high=low + 65535)
    levels = window.scale(values, 16)
    assert levels.dtype == np.uint16
    assert np.array_equal(levels, np.arange(65536))
    assert np.array_equal(window.restore(levels), values)


@given(
    low=st.integers(-(2**62), 2**62),
    extent=st.integers(0, 65535),
    shares=st.lists(st.integers(0, 65535), min_size=1),
)
def test_whole_numbers_within_65536_come_back_exactly(
    low: int, extent: int, shares: list[int]
) -> None:
    """Wherever the range lies, as far as float64 can say the numbers at all."""
    values = np.array([low + share * extent // 65535 for share in shares], np.int64)
    window = Window(low=low, high=low + extent)
    restored = window.restore(window.scale(values, 16))
    assert np.array_equal(restored, values.astype(np.float64))


@given(
    low=st.floats(-1e9, 1e9),
    extent=st.floats(1e-3, 1e9),
    shares=st.lists(st.floats(0, 1), min_size=1),
)
def test_floats_come_back_within_a_16_bit_step(
    low: float, extent: float, shares: list[float]
) -> None:
    """Mapping to 16 bits and back is off by no more than one level's width."""
    window = Window(low=low, high=low + extent)
    assume(window.low < window.high)
    values = np.clip(low + np.array(shares) * extent, window.low, window.high)
    error = np.abs(window.restore(window.scale(values, 16)) - values).max()
    assert error <= window.step / 256 * (1 + 1e-9) + 1e-6 * extent


@given(values=st.lists(st.integers(0, 65535), min_size=2))
def test_8_bits_are_the_high_byte_of_16(values: list[int]) -> None:
    """The levels of JPEG are those of PNG, cut as the MoEDAL function cuts them."""
    y = np.array(values, np.uint16)
    assume(y.min() < y.max())
    window = Window(low=int(y.min()), high=int(y.max()))
    assert np.array_equal(window.scale(y), window.scale(y, 16) >> 8)


@pytest.mark.parametrize(("low", "high"), HOSTILE)
def test_a_hostile_window_restores_16_bits_to_finite_values(low: float, high: float) -> None:
    """What a file may claim and no writer makes gives numbers between its two ends."""
    window = Window(low=low, high=high)
    restored = restore_intensity(np.array([0, 1, 255, 32768, 65534, 65535], np.uint16), window)
    assert np.isfinite(restored).all()
    assert (restored >= float(min(low, high))).all()
    assert (restored <= float(max(low, high))).all()


@pytest.mark.parametrize("kind", ["?", "u1", "i1", "u2", "i2", "u4", "i4", "i8", "u8", "f4"])
@pytest.mark.parametrize("bits", [8, 16])
def test_what_lies_inside_needs_no_clipping(kind: str, bits: int) -> None:
    """Across many blocks of memory, levels are those of the formula, with and without clipping."""
    rng = np.random.default_rng(3)
    values = rng.integers(0, 65_000, (70, 5000)) + (-30_000 if kind[0] == "i" else 0)
    image = (values % 2 if kind == "?" else values).astype(kind)
    low, high = image.min().item(), image.max().item()
    window = Window(low=int(low), high=int(high)) if kind != "f4" else Window(low=low, high=high)
    levels = window.scale(image, bits, inside=True)
    assert np.array_equal(levels, window.scale(image, bits))
    y = image.astype(np.float64)
    z = (65535 * ((y - low) / (high - low))).astype(np.uint16)
    assert np.array_equal(levels, z >> 8 if bits == 8 else z)


@pytest.mark.parametrize("kind", ["u2", "i4", "u8"])
def test_windows_beyond_the_type_clip(kind: str) -> None:
    """Windows that hold some values, none, or more than there can be."""
    image = np.array([[0, 1, 1000, 65535]], kind)
    for low, high in ((-5, 10), (500, 2**33), (70_000, 2**40), (-9, -3), (1, 1000)):
        y = np.clip(image.astype(np.float64), low, high)
        expected = (65535 * ((y - low) / (high - low))).astype(np.uint16) >> 8
        assert np.array_equal(Window(low=low, high=high).scale(image), expected)
