"""Tests of the engines; `world.py` holds stand-ins, `network.py` a network of engines."""
