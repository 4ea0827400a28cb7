"""A layer, and what a seal keeps of it, as plain values."""
