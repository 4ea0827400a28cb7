"""How the documentation is built: ``sphinx-build -W --keep-going docs docs/_build``."""

from napari_seal import __version__

project = "napari-seal"
author = "napari-seal developers"
copyright = "2026, napari-seal developers"  # noqa: A001 - Sphinx's name for it
version = release = __version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx_click",
]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
root_doc = "index"

# Single backticks in docstrings name Python objects.
default_role = "py:obj"
add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings name the types, with shapes and units
autodoc_preserve_defaults = True
numpydoc_show_class_members = False
autosummary_generate = False  # numpydoc brings the extension along

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header"]

# For `sphinx-build -b linkcheck docs docs/_build/links`, by hand: are pages of others still there?
linkcheck_timeout = 20
linkcheck_retries = 2
linkcheck_report_timeouts_as_broken = True
# GitHub makes its headings in the browser, where they cannot be looked for.
linkcheck_anchors_ignore_for_url = [r"https://github\.com/.*"]

html_theme = "furo"
html_title = f"napari-seal {release}"
html_static_path = ["_static"]
html_css_files = ["napari-seal.css"]
html_favicon = "../src/napari_seal/seal.svg"
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#00618a",
        "color-brand-content": "#00618a",
    },
    "dark_css_variables": {
        "color-brand-primary": "#56b4e9",
        "color-brand-content": "#56b4e9",
    },
}
