"""Reports of a run: text for programs, a page for people, and whether one is still the same."""
