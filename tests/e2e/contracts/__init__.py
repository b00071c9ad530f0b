"""Contracts whose calls are the operations of client histories."""
