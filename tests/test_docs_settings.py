"""The page of settings has all that can be set, with the default that holds.

``python tests/test_docs_settings.py`` writes its tables anew.
"""

from __future__ import annotations

import inspect
import re
from collections import defaultdict
from collections.abc import Iterator

import click
import pytest
import yaml
from pages import DOCS, ROOT, section_of

import napari_seal
from napari_seal._cli import main
from napari_seal._disk import PART_PREFIX
from napari_seal._watch import journal

PAGE = DOCS / "settings.md"
SOURCE = ROOT / "src" / "napari_seal"
#: Public callables whose parameters are choices, not values that a file or a run had.
CALLABLES = (
    "seal", "Sealer", "adopt", "seal_stack", "StackWriter", "open_stack", "check_stack",
    "SealHandler", "check", "verify", "read", "check_many",
)  # fmt: skip


def preferences() -> Iterator[str]:
    """What napari.yaml contributes to Preferences."""
    yield "| section | setting | default | what it is |"
    yield "|---|---|---|---|"
    manifest = yaml.safe_load((ROOT / "napari.yaml").read_text(encoding="utf-8"))
    for section in manifest["contributions"]["configurations"].values():
        for setting in section["properties"].values():
            default = setting["default"]
            shown = {"": "empty", True: "ticked", False: "not ticked"}.get(default, default)
            others = [choice for choice in setting.get("enum", ()) if choice != default]
            choices = f" (or {', '.join(f'*{choice}*' for choice in others)})" if others else ""
            yield (
                f"| {section['title']} | {setting['title']} | *{shown}*{choices} "
                f"| {setting['description']} |"
            )


def commands(
    command: click.Command, names: tuple[str, ...] = ()
) -> Iterator[tuple[str, click.Command]]:
    """All commands, by their names."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from commands(found, (*names, name))
    else:
        yield " ".join(names), command


def is_set(option: click.Parameter) -> bool:
    """Whether it has a value where it is not given."""
    given = option.get_default(click.Context(click.Command("x")))
    return given not in (None, False, "", ()) and "UNSET" not in str(given)


def options() -> Iterator[str]:
    """Options with a default, and the commands that have them."""
    found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for name, command in commands(main):
        for option in command.params:
            if isinstance(option, click.Option) and option.name != "help" and is_set(option):
                value = "on" if option.default is True else str(option.default)
                told = (option.help or "").partition(";")[0].rstrip(".")
                found[option.opts[0], value, told].append(f"`{name}`")
    yield "| option | default | of | what it is |"
    yield "|---|---|---|---|"
    for (option, value, told), names in found.items():
        yield f"| `{option}` | `{value}` | {', '.join(names)} | {told} |"


def parameters() -> Iterator[str]:
    """Parameters with a default, and the callables that have them."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name in CALLABLES:
        for parameter in inspect.signature(getattr(napari_seal, name)).parameters.values():
            if parameter.default not in (inspect.Parameter.empty, None, False):
                found[parameter.name, repr(parameter.default)].append(f"`{name}`")
    yield "| parameter | default | of |"
    yield "|---|---|---|"
    for (parameter, value), names in found.items():
        yield f"| `{parameter}` | `{value}` | {', '.join(names)} |"


TABLES = {"preferences": preferences, "options": options, "parameters": parameters}


def page() -> str:
    """The page with its tables made anew."""
    text = PAGE.read_text(encoding="utf-8")
    for name, table in TABLES.items():
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}" + "\n".join(table()) + f"\n{end}" + rest.partition(end)[2]
    return text


def test_the_tables_are_those_of_the_software() -> None:
    """Preferences, options and parameters with their defaults."""
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python tests/test_docs_settings.py"


def test_every_environment_variable_is_listed() -> None:
    """Each that our code reads has its place in the first table, and no other has."""
    read = set()
    for path in SOURCE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        read |= set(re.findall(r"environ(?:\.get\(|\[)\"(\w+)\"", text))
        if "environ" in text:
            read |= set(re.findall(r"^VARIABLE\b[^\n]*\"(\w+)\"", text, re.MULTILINE))
    table = section_of("settings.md", "Environment variables").partition("\n\nLibraries")[0]
    listed = {
        name
        for row in re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    assert listed == read


@pytest.mark.parametrize("name", [f"{PART_PREFIX}….part", journal.NAME, "trust.toml"])
def test_files_have_the_names_that_they_have_in_the_software(name: str) -> None:
    """Those that the software gives by itself."""
    assert f"`{name}`" in section_of("settings.md", "Files")


def test_the_patterns_of_files_are_those_of_the_manifest() -> None:
    """Which files napari may be told to open with the plugin."""
    manifest = yaml.safe_load((ROOT / "napari.yaml").read_text(encoding="utf-8"))
    (reader,) = manifest["contributions"]["readers"]
    section = section_of("settings.md", "Preferences in napari").partition("reader opens")[2]
    listed = re.findall(r"`(\*\.sealed\.\w+)`", section)
    assert listed == reader["filename_patterns"]


def test_the_configuration_directory_is_the_one_of_the_software(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On Linux; platformdirs knows the others."""
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    platformdirs = pytest.importorskip("platformdirs")
    from platformdirs.macos import MacOS
    from platformdirs.unix import Unix

    assert platformdirs.__version__
    section = section_of("settings.md", "Files")
    for system in (Unix, MacOS):
        path = system("napari-seal", appauthor=False).user_config_dir
        assert f"`{path.replace('/home/somebody', '~')}`" in section


def test_every_command_and_option_says_what_it_is() -> None:
    """The reference is made from the parser: each has a sentence there."""
    for name, command in commands(main):
        assert (command.help or "").strip().partition("\n")[0].endswith(
            (".", ":")
        ) or command.help, name
        for option in command.params:
            if isinstance(option, click.Option):
                assert option.help, f"{name} {option.opts[0]}"
                assert option.help.endswith("."), f"{name} {option.opts[0]}: {option.help}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
