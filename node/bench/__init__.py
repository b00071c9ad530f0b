"""Measures how fast a network is, beside what the machine itself allows."""
