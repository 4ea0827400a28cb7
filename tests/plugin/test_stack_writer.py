"""Saving stacks: which folder and planes, what is refused, and going on after an interruption."""

from __future__ import annotations

import threading

import dask.array as da
import numpy as np
import pytest
from napari.layers import Image, Labels

import napari_seal
from napari_seal._napari.preferences import Preferences
from napari_seal._napari.saving.sealing import seal_layer_stack
from napari_seal._napari.saving.shown_progress import Cancelled, shown_progress
from napari_seal._napari.saving.writer import write_labels, write_sealed
from napari_seal.errors import ImageError, TargetExistsError, WriteError


@pytest.fixture
def volume(picture):
    """Four planes of 16 bits, each another one."""
    return np.stack([np.roll(picture, 7 * n, 1) + n for n in range(4)])


def save(layer, path, write=write_sealed):
    """Save as napari does."""
    data, meta, _ = layer.as_layer_data_tuple()
    (index,) = write(str(path), data, meta)
    return index


@pytest.mark.parametrize("typed", ["z", "z.sealed.jpg", "z.sealed", "z.jpg"])
def test_a_stack_becomes_a_folder(tmp_path, volume, told, typed):
    """napari is told the index, which opens it; the folder has the name that was typed."""
    index = save(Image(volume, axis_labels=("z", "y", "x")), tmp_path / typed)
    assert index == str(tmp_path / "z.sealed" / "z.sealed.json")
    assert sorted(p.name for p in (tmp_path / "z.sealed").iterdir()) == [
        "z.sealed.json",
        *(f"z_z{n}.sealed.jpg" for n in range(4)),
    ]
    assert napari_seal.check_stack(index).intact
    assert any("4 planes" in message for message in told)


def test_every_way_of_saving_takes_stacks(plugin, tmp_path, volume):
    """layer.save, layers.save and napari.save_layers."""
    from napari import save_layers
    from napari.components import ViewerModel

    viewer = ViewerModel()
    layer = viewer.add_image(volume)
    (first,) = layer.save(str(tmp_path / "a.sealed.jpg"))
    (second,) = viewer.layers.save(str(tmp_path / "b.sealed.jpg"))
    (third,) = save_layers(str(tmp_path / "c.sealed.jpg"), [layer])
    assert all(napari_seal.check_stack(index).intact for index in (first, second, third))


@pytest.mark.parametrize("kind", ["dask", "zarr", "pyramid", "big-endian", "float", "signed"])
def test_any_kind_of_data(tmp_path, volume, told, kind):
    """The planes are those of the layer, at full resolution."""
    data = {
        "dask": lambda: da.from_array(volume, chunks=(1, 50, 50)),
        "zarr": lambda: pytest.importorskip("zarr").array(volume),
        "pyramid": lambda: [volume, volume[:, ::2, ::2]],
        "big-endian": lambda: volume.astype(">u2"),
        "float": lambda: volume / np.float32(7),
        "signed": lambda: volume.astype("int32") - 9000,
    }[kind]()
    layer = Image(data, multiscale=kind == "pyramid")
    opened = napari_seal.open_stack(save(layer, tmp_path / "z"))
    assert opened.shape == volume.shape
    plain = napari_seal.open_stack(save(Image(volume), tmp_path / "plain"))
    image, verdict = opened.plane((2,))
    assert verdict.intact
    assert np.abs(image.astype(int) - plain.plane((2,))[0]).max() <= 1


def test_one_plane_at_a_time_is_computed(tmp_path, volume, told):
    """A lazy stack may be larger than the memory."""
    asked = []

    def plane(block_info=None):
        at = block_info[None]["chunk-location"][0]
        asked.append(at)
        return volume[at : at + 1]

    lazy = da.map_blocks(plane, chunks=((1,) * 4, (96,), (128,)), dtype="uint16")
    layer = Image(lazy, contrast_limits=[0, 65535])
    asked.clear()
    save(layer, tmp_path / "z")
    assert asked == [0, 1, 2, 3] * 2  # the common window, then the planes


def test_colour_stacks(tmp_path, volume, told):
    """The axis of colours is no axis of planes."""
    colours = np.repeat((volume // 64).astype(np.uint8)[..., None], 3, axis=-1)
    opened = napari_seal.open_stack(save(Image(colours, rgb=True), tmp_path / "z"))
    assert opened.axes == ("Z", "Y", "X", "S")


def test_labels_are_never_made_into_jpeg(tmp_path, told):
    """Nor is anything written."""
    with pytest.raises(ImageError, match=r"\.sealed\.png"):
        save(Labels(np.ones((2, 9, 9), int)), tmp_path / "z.sealed.jpg", write_labels)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["stack", "other"])
def test_a_folder_that_is_there_is_never_replaced(tmp_path, volume, told, kind):
    """The sentence says what to do."""
    if kind == "stack":
        save(Image(volume), tmp_path / "z")
    else:
        (tmp_path / "z.sealed").mkdir()
        (tmp_path / "z.sealed" / "precious").touch()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(TargetExistsError, match=r"left as it is.*Seal layer"):
        save(Image(volume + 1), tmp_path / "z")
    assert sorted(tmp_path.rglob("*")) == before


def test_an_interrupted_stack_is_gone_on_with(tmp_path, volume, told, monkeypatch):
    """Cancelled halfway, it is marked as not finished; saving again completes it, and says so."""
    data, meta, _ = Image(volume, contrast_limits=[0, 65535]).as_layer_data_tuple()

    def cancel(done, total):
        if done == 6:  # four for the window, two planes
            raise Cancelled("enough")

    with pytest.raises(WriteError):
        seal_layer_stack(
            str(tmp_path / "z.sealed.jpg"), data, meta, preferences=Preferences(), progress=cancel
        )
    assert napari_seal.check_stack(tmp_path / "z.sealed").verdict == "truncated"
    first = (tmp_path / "z.sealed" / "z_z0.sealed.jpg").read_bytes()
    (index,) = write_sealed(str(tmp_path / "z"), data, meta)
    assert napari_seal.check_stack(index).intact
    assert (tmp_path / "z.sealed" / "z_z0.sealed.jpg").read_bytes() == first
    assert any("begun before" in message for message in told)


def test_the_bar_has_a_button_that_ends_it(tmp_path):
    """What napari's bar does when its button is pressed."""
    from napari.utils.progress import progress as bars

    with shown_progress("z", stack=True) as report:
        report(1, 8)
        (bar,) = [bar for bar in bars._all_instances if "Sealing z" in bar.desc]
        assert (bar.n, bar.total) == (1, 8)
        bar.cancel()
        with pytest.raises(Cancelled, match="1 of 8"):
            report(1, 8)
    assert bar not in bars._all_instances


def test_preferences_hold(tmp_path, volume):
    """Quality, a window for each plane, and metadata of every seal, over which the layer's go."""
    data, meta, _ = Image(volume, metadata={"who": "Bo"}).as_layer_data_tuple()
    wanted = Preferences(quality=40, plane_windows=True, metadata={"who": "Ada", "lab": 3})
    _, stack = seal_layer_stack(str(tmp_path / "z.sealed.jpg"), data, meta, preferences=wanted)
    assert (stack.quality, stack.plane_windows) == (40, True)
    assert stack.metadata == {"who": "Bo", "lab": 3}


def test_looking_at_labels_is_progress_too(tmp_path):
    """Wide labels are looked at before; the window lives meanwhile, and can end it."""
    data, meta, _ = Labels(np.ones((3, 9, 9), np.int32)).as_layer_data_tuple()
    seen = []
    seal_layer_stack(
        str(tmp_path / "z.sealed.png"),
        data,
        {**meta, "type": "labels"},
        preferences=Preferences(),
        progress=lambda done, total: seen.append((done, total)),
    )
    assert list(dict.fromkeys(seen)) == [(n, 6) for n in range(1, 7)]


def test_another_thread_makes_no_bar(make_napari_viewer, volume, tmp_path):
    """A script may save in a worker; bars are widgets, and belong to the window's thread."""
    from napari.utils.progress import progress as bars

    make_napari_viewer()
    data, meta, _ = Image(volume).as_layer_data_tuple()
    made, errors = [], []
    bars._all_instances.events.changed.connect(made.append)

    def work():
        try:
            write_sealed(str(tmp_path / "z"), data, meta)
        except Exception as error:  # noqa: BLE001 - shown by the test
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    bars._all_instances.events.changed.disconnect(made.append)
    assert (made, errors) == ([], [])
    assert napari_seal.check_stack(tmp_path / "z.sealed").intact
