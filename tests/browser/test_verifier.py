"""The verifier's own tests, which run the golden vectors in Node.js."""

import shutil
import subprocess
from pathlib import Path

import pytest


def test_verifier_holds_the_golden_vectors(repository: Path) -> None:
    web = repository / "node" / "explorer" / "web"
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("needs Node.js")
    if not (web / "node_modules").is_dir():
        pytest.skip("the explorer's packages are not installed: npm ci in node/explorer/web")
    done = subprocess.run(
        [npm, "test", "--silent"], cwd=web, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
