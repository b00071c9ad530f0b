"""The explorer's pages in a real browser, against a small node made of real chain code."""
