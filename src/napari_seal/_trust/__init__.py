"""Who signed: keys, and whose keys are trusted."""
