"""Contracts that come with Veritwin; each is a source in the contract language."""
