"""Tests of the Raft engine, one file for each module, and whole networks of it."""
