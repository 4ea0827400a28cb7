"""The manifest that napari reads, and that the plugin costs nothing until it is used."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import npe2
import pytest
from napari._app_model.constants import MenuId

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def manifest():
    """The manifest as napari finds it."""
    return npe2.PluginManifest.from_distribution("napari-seal")


def test_the_installed_manifest_is_the_one_at_the_top_level(manifest):
    """What is edited is what is used."""
    installed = importlib.metadata.distribution("napari-seal")
    (entry,) = installed.entry_points.select(group="napari.manifest")
    assert entry.value == "napari_seal:napari.yaml"
    assert manifest.dict() == npe2.PluginManifest.from_file(ROOT / "napari.yaml").dict() | {
        "package_metadata": manifest.dict()["package_metadata"]
    }


def test_every_command_can_be_imported(manifest):
    """Each name in the manifest leads to something that can be called."""
    for command in manifest.contributions.commands:
        module, name = command.python_name.split(":")
        assert callable(getattr(importlib.import_module(module), name)), command.id


def test_menus_are_such_as_napari_shows(manifest):
    """napari drops unknown menus without a word."""
    known = {str(menu) for menu in MenuId.contributables()}
    assert set(manifest.contributions.menus) <= known
    assert "napari/file/io_utilities" in manifest.contributions.menus


def test_plain_jpegs_and_folders_are_not_claimed(manifest):
    """Each claim would put a question before every such file."""
    (reader,) = manifest.contributions.readers
    assert all(".sealed." in pattern for pattern in reader.filename_patterns)
    assert reader.accepts_directories is False
    writers = manifest.contributions.writers
    assert all(ext.startswith(".sealed.") for w in writers for ext in w.filename_extensions)


@pytest.mark.parametrize("kinds", ["image image", "image labels", "image points", "labels labels"])
def test_several_layers_are_sealed_only_where_that_is_chosen(plugin, kinds):
    """The filter comes after napari's own: it is not the default of Save All, nor of a folder."""
    manager = npe2.PluginManager.instance()
    commands = [writer.command for writer in manager.iter_compatible_writers(kinds.split())]
    assert commands[-1] == "napari-seal.write_layers"
    assert "napari.write_directory" in commands[:-1]
    assert manager.get_writer("folder", kinds.split())[0].command == "napari.write_directory"
    chosen, _ = manager.get_writer("folder", kinds.split(), plugin_name="napari-seal")
    assert chosen.command == "napari-seal.write_layers"


def test_the_core_loads_no_window_toolkit():
    """Sealing on an acquisition machine needs neither Qt nor napari."""
    code = (
        "import sys, napari_seal; [getattr(napari_seal, n) for n in napari_seal.__all__];"
        "print([m for m in sys.modules if m.split('.')[0] in "
        "('napari', 'magicgui', 'qtpy', 'PyQt6', 'superqt') or '._napari' in m])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
