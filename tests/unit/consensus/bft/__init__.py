"""Tests of the Tendermint engine, one file for each module."""
