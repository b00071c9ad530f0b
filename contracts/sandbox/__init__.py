"""The executor of a node: contracts run in a separate, locked, long-lived process."""

from contracts.sandbox.client import SandboxExecutor

__all__ = ["SandboxExecutor"]
