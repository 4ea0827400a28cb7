"""What changed, where the codestream is not the sealed one."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from mutators import cut, redraw, resave
from PIL import Image

from napari_seal import Outcome, seal
from napari_seal._verify.check import check_bytes


@pytest.mark.parametrize("quality", range(30, 100, 15))
@pytest.mark.parametrize("kind", ["gray", "rgb"])
def test_saving_again_is_never_lossless(quality: int, kind: str, sealed: dict[str, bytes]) -> None:
    """A file saved again is `image-changed`; `reencoded` only where no pixel changed."""
    verdict = check_bytes(resave(quality=quality)(sealed[kind]), "a")
    pixels = np.asarray(Image.open(io.BytesIO(sealed[kind])))
    after = np.asarray(Image.open(io.BytesIO(resave(quality=quality)(sealed[kind]))))
    expected = Outcome.REENCODED if np.array_equal(pixels, after) else Outcome.IMAGE_CHANGED
    assert verdict.verdict is expected


@pytest.mark.parametrize("kind", ["gray", "rgb", "restarts"])
@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.8, 0.97])
def test_a_cut_scan_with_an_end_put_on_is_truncated(
    kind: str, share: float, sealed: dict[str, bytes]
) -> None:
    """The decoder fills up what is missing; the verdict is not deceived, and says what is left."""
    verdict = check_bytes(cut(share, b"\xff\xd9")(sealed[kind]), "a")
    assert verdict.verdict == "truncated"
    reason = verdict.reasons[0]
    assert reason.code == "data-end-early"
    left, total = (int(t.split()[0].replace(",", "")) for t in (reason.found, reason.expected))
    assert left < total
    assert "are left" in reason.message


def test_a_smaller_file_is_not_called_truncated(sealed: dict[str, bytes]) -> None:
    """A re-save of lower quality is complete, however short."""
    assert check_bytes(resave(quality=5)(sealed["gray"]), "a").verdict == "image-changed"


@pytest.mark.parametrize(
    ("draw", "shape"),
    [
        (lambda p: p[8:], "152 x 200"),
        (lambda p: np.rot90(p).copy(), "200 x 160"),
        (lambda p: np.repeat(p, 2, 0), "320 x 200"),
        (lambda p: np.stack([p] * 3, -1), "160 x 200 pixels, 3 samples"),
    ],
)
def test_another_size_is_named(draw: object, shape: str, sealed: dict[str, bytes]) -> None:
    """Cropped, turned, resized or coloured: expected and found size stand in the reason."""
    verdict = check_bytes(redraw(draw)(sealed["gray"]), "a")  # type: ignore[arg-type]
    reason = next(r for r in verdict.reasons if r.code == "size-changed")
    assert reason.expected == "160 x 200 pixels"
    assert (reason.found or "").startswith(shape)


def test_a_lossless_rewrite_with_other_tables(tmp_path: Path) -> None:
    """A picture whose pixels survive other Huffman tables is `reencoded`, not `image-changed`."""
    path = tmp_path / "a.jpg"
    seal(np.full((32, 32), 96, np.uint8), path)
    verdict = check_bytes(resave(quality=90, optimize=True)(path.read_bytes()), "a")
    assert verdict.verdict == "reencoded"
    assert [str(r.code) for r in verdict.reasons][:2] == ["lossless-rewrite", "codestream-mismatch"]
