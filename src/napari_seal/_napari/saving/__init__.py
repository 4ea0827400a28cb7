"""File > Save and the dock *Seal layer...*: a layer becomes a sealed file."""
