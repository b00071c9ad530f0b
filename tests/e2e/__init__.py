"""End to end: real processes on loopback, driven as their users drive them."""
