"""The flag that writes the traces anew; it exists when this folder is named on the command line."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite", action="store_true", help="write the scenarios' traces anew")
