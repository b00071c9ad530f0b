"""Property tests: every codec and every tree, on drawn input."""
