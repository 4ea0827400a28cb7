"""Digests are computed beside the rest, where a core is to spare, and are the same."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import napari_seal
from napari_seal._format.pixels import digest_array
from napari_seal._seal import meanwhile
from napari_seal._seal.meanwhile import begin, may_share
from napari_seal._seal.order import Order
from napari_seal._seal.pipeline import make
from napari_seal._seal.source import accept


@pytest.mark.parametrize("aside", [True, False])
def test_the_result_comes_where_it_is_asked_for(aside: bool) -> None:
    """From a thread of its own, or from the caller's."""
    assert begin(lambda: threading.current_thread().name, aside=aside)() == (
        "napari-seal-digest" if aside else threading.current_thread().name
    )


def test_an_error_in_the_thread_comes_with_the_result() -> None:
    """It is not lost with the thread; what is done at once is refused at once."""
    failing = begin(lambda: 1 // 0, aside=True)
    with pytest.raises(ZeroDivisionError):
        failing()
    with pytest.raises(ZeroDivisionError):
        begin(lambda: 1 // 0, aside=False)


def test_work_goes_on_beside() -> None:
    """The caller need not wait for it, and no thread is left when it is done."""
    go = threading.Event()
    wait = begin(lambda: go.wait(30), aside=True)
    go.set()
    assert wait()
    for thread in threading.enumerate():
        if thread.name == "napari-seal-digest":
            thread.join(30)
            assert not thread.is_alive()


def test_where_no_thread_can_be_had_it_is_done_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system has a limit, and at the end of the program no thread begins."""

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert begin(threading.current_thread, aside=True)() is threading.current_thread()


def test_what_a_sealer_accepted_is_sealed_at_the_end_of_the_program(tmp_path: Path) -> None:
    """Nobody closes it, and the program ends at once: all images are there, large as they are."""
    program = """if True:
        import numpy as np, napari_seal
        from napari_seal._seal import meanwhile, sealer
        meanwhile.available_cores = sealer.available_cores = lambda: 2
        left = napari_seal.Sealer(jobs=1)
        for n in range(8):
            left.submit(np.full((900, 900), n, "u2"), f"{n}.sealed.jpg")
    """
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, timeout=120)
    found = [napari_seal.check(tmp_path / f"{n}.sealed.jpg").verdict for n in range(8)]
    assert found == ["intact"] * 8


def test_small_images_and_single_cores_have_nothing_to_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A thread costs more than it gives there; nor in a worker process, one of as many as cores."""
    monkeypatch.setattr(meanwhile, "available_cores", lambda: 2)
    assert may_share(1 << 21)
    assert not may_share(1 << 12)
    monkeypatch.setattr(meanwhile, "available_cores", lambda: 1)
    assert not may_share(1 << 21)
    monkeypatch.setattr(meanwhile, "available_cores", lambda: 2)
    monkeypatch.setattr(meanwhile, "parent_process", object)
    assert not may_share(1 << 21)


@pytest.mark.parametrize("ending", ["jpg", "png"])
@pytest.mark.parametrize("shape", [(300, 400), (300, 400, 3)])
def test_sealed_alike(ending: str, shape: tuple[int, ...]) -> None:
    """Beside or one after the other, but for the time."""
    image = np.random.default_rng(1).integers(0, 255, shape).astype("u1")
    order = Order.check(f"a.{ending}", moedal=ending == "jpg", metadata={"a": 1})
    array, axes = accept(image, order.format)
    seals = [make(order, array, axes, aside=aside)[1] for aside in (True, False)]
    for name in ("codestream", "scan", "pixels", "source", "tiles", "tile_digests", "window"):
        assert getattr(seals[0], name) == getattr(seals[1], name), name


def test_large_image_through_a_sealer_with_a_core_to_spare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All digests are those of the image, and the file is intact."""
    monkeypatch.setattr(meanwhile, "available_cores", lambda: 2)
    monkeypatch.setattr("napari_seal._seal.sealer.available_cores", lambda: 2)
    images = np.random.default_rng(2).integers(0, 60000, (3, 700, 800)).astype("u2")
    with napari_seal.Sealer(jobs=1) as sealer:
        futures = [sealer.submit(image, tmp_path / f"{n}.jpg") for n, image in enumerate(images)]
    for n, future in enumerate(futures):
        assert future.result().source == digest_array(images[n], axes="YX")
        assert napari_seal.check(tmp_path / f"{n}.jpg").verdict == "intact"
