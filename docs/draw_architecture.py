"""Draw ``docs/images/architecture.svg`` from the imports and calls of the code itself.

``python docs/draw_architecture.py`` writes the picture; ``tests/test_architecture.py`` fails where
it is not what today's code gives.  Boxes are the parts of `napari_seal`.  Each stands above all
that it imports.  An arrow is an import; one that a longer way of arrows implies is left out.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Final

import grimp
from architecture_svg import FACE, picture
from layered import reduced

ROOT: Final = Path(__file__).parents[1]
SOURCE: Final = ROOT / "src" / "napari_seal"
PICTURE: Final = ROOT / "docs" / "images" / "architecture.svg"

#: What is no part of the house: a number, and what starts the command line.
_LEFT_OUT: Final = {"_version", "__main__"}

#: The two ways through the house: what goes in and comes out, where each begins, and the modules
#: that are the way itself, not steps of it.
_WAYS: Final = {
    "_seal": ("array", "file", "seal", ("pipeline",)),
    "_verify": ("file", "verdict", "check_one", ("check", "steps")),
}
#: Steps that few files take.
_ASIDE: Final = {"adopted", "original", "progress", "stack_index"}


def imports() -> dict[str, set[str]]:
    """Which part imports which, anywhere in its modules."""
    graph = grimp.build_graph("napari_seal", cache_dir=None)

    def part(module: str) -> str:
        return [*module.split("."), FACE][1]

    found: dict[str, set[str]] = {}
    for module in sorted(graph.modules):
        mine = found.setdefault(part(module), set())
        mine |= {part(other) for other in graph.find_modules_directly_imported_by(module)}
    return {
        name: others - _LEFT_OUT - {name} for name, others in found.items() if name not in _LEFT_OUT
    }


def about(part: str) -> str:
    """The first line of a part's docstring."""
    path = SOURCE if part == FACE else SOURCE / part
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return text.splitlines()[0].replace("`", "")


class Steps(ast.NodeVisitor):
    """The modules of a package in the order in which a function first calls them."""

    def __init__(self, package: str, modules: tuple[str, ...]) -> None:
        self.package, self.out = package, dict[str, None]()
        self.functions: dict[str, ast.FunctionDef] = {}
        self.homes: dict[str, str] = {}
        for module in modules:
            path = SOURCE / package / f"{module}.py"
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef):
                    self.functions[node.name] = node
                elif isinstance(node, ast.ImportFrom):
                    parent, _, home = (node.module or "").rpartition(".")
                    ours = f"{parent}.".startswith(f"napari_seal.{package}.")
                    if ours and home not in (*modules, *_ASIDE):
                        self.homes |= {alias.name: home for alias in node.names}

    def visit_Call(self, node: ast.Call) -> None:
        """Arguments are there before the function is called."""
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            self.visit(argument)
        function = node.func
        while isinstance(function, ast.Attribute):
            function = function.value
        if not isinstance(function, ast.Name):
            self.visit(function)
        elif function.id in self.homes:
            # What looks at the target before any work is done is no step.
            if not function.id.startswith("check_") and function.id not in _RECORDS:
                self.out[self.homes[function.id]] = None
        elif function.id in self.functions:
            self.visit(self.functions.pop(function.id))


#: What is made on the way, rather than done.
_RECORDS: Final = {"Verdict", "VerificationError", "make_reason"}


def steps(package: str) -> list[str]:
    """The way through a package, from what goes in to what comes out."""
    begin, end, start, modules = _WAYS[package]
    visitor = Steps(package, modules)
    visitor.visit(visitor.functions.pop(start))
    return [begin, *visitor.out, end]


def draw() -> str:
    """The picture, as SVG."""
    edges = imports()
    return picture(
        reduced(edges), {name: about(name) for name in edges}, {name: steps(name) for name in _WAYS}
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["--print"]:
        sys.stdout.buffer.write(draw().encode())
    else:
        PICTURE.write_text(draw(), encoding="utf-8", newline="\n")
