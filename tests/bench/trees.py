"""The two trees of a paired run: this one, and another commit with this one's benchmarks in it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

FOLDER: Final = "tests/bench"
PARTS: Final = f"{FOLDER}/test_*_parts.py"
MAINLINES: Final = ("origin/HEAD", "origin/main", "main")
SECONDS_MAX: Final = 300
OPTIONS: Final = (
    "-m", "pytest", "-q", "-m", "bench", "-p", "no:cacheprovider", "-p", "no:veritwin-contracts",
    "--continue-on-collection-errors", "--benchmark-disable-gc",
    "--benchmark-timer=time.process_time",
)  # fmt: skip
"""CPU time of the whole process, so nothing is gained by moving work to another thread. The plug-in
for contracts is what the installed tree says, and the other commit may have none."""


class CannotCollect(Exception):
    """The benchmarks of this tree do not import."""


class WrongTree(Exception):
    """A benchmark ran with the packages of another tree than it should."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A folder with the packages and the benchmarks."""

    path: Path

    def measure(self, tests: Sequence[str]) -> dict[str, float]:
        """Run benchmarks in a process of their own.

        Args: tests: as `list_tests` gives them.
        Returns: for each that ran the least CPU time in seconds.
        Raises: WrongTree: packages of another tree were imported.
        """
        # By files and words: pytest runs nothing at all when a test that it is given by its full
        # name stands in a file that does not import.
        files = dict.fromkeys(test.partition("::")[0] for test in tests)
        words = " or ".join(test.partition("::")[2] for test in tests)
        with _scratch() as folder:
            figures = folder / "figures.json"
            written = f"--benchmark-json={figures}", f"--basetemp={folder / 'bench'}"
            self._run(*written, "-k", words, *files)
            found = json.loads(figures.read_text() or "{}") if figures.exists() else {}
        for one in found.get("benchmarks", ()):
            if Path(one["extra_info"]["tree"]) != self.path.resolve():
                raise WrongTree(f"{one['fullname']} ran in {one['extra_info']['tree']}")
        return {one["fullname"]: one["stats"]["min"] for one in found.get("benchmarks", ())}

    def list_tests(self) -> list[str]:
        """Name all benchmarks of the tree.

        Raises: CannotCollect: with what pytest says.
        """
        files = sorted(str(path.relative_to(self.path)) for path in self.path.glob(PARTS))
        done = self._run("--collect-only", *files)
        if done.returncode != 0:
            raise CannotCollect(done.stdout)
        return [line for line in done.stdout.splitlines() if "::" in line]

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *OPTIONS, *words],
            cwd=self.path, env=self._environment(), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=SECONDS_MAX, check=False,
        )  # fmt: skip

    def _environment(self) -> dict[str, str]:
        # Before the installed packages; and pytest loads plug-ins before it reads its settings.
        inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        # Another order of hashes each time: one that suits a tree by chance shall not decide.
        return inherited | {"PYTHONPATH": str(self.path), "PYTHONHASHSEED": "random"}


@dataclass(frozen=True, slots=True)
class Clone:
    """A clone of the project, and the commits in it."""

    path: Path

    def resolve(self, name: str) -> str | None:
        """Give the commit of a name, or None where this clone has no such commit."""
        return self._git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")

    def find_former(self) -> str | None:
        """Give what the work tree is compared with, or None where there is nothing.

        Where the branch left the main line; on the main line itself the last commit while
        something is not committed, else the one before it.
        """
        head = self.resolve("HEAD")
        if head is None:
            return None
        main = next(filter(None, map(self.resolve, MAINLINES)), head)
        fork = self._git("merge-base", head, main)
        if fork is not None and fork != head:
            return fork
        is_changed = self._git("status", "--porcelain", "--untracked-files=no")
        return head if is_changed else self.resolve("HEAD~1")

    @contextmanager
    def check_out(self, commit: str) -> Iterator[Tree]:
        """Give a temporary tree of a commit that has the benchmarks of the work tree."""
        with _scratch() as folder:
            path = folder / "tree"
            if self._git("worktree", "add", "--detach", str(path), commit) is None:
                raise OSError(f"git cannot check out {commit}")
            try:
                shutil.rmtree(path / FOLDER, ignore_errors=True)
                unwanted = shutil.ignore_patterns("__pycache__")
                shutil.copytree(self.path / FOLDER, path / FOLDER, ignore=unwanted)
                yield Tree(path)
            finally:
                self._git("worktree", "remove", "--force", str(path))

    def _git(self, *words: str) -> str | None:
        """Give what a git command prints, or None when it fails."""
        done = subprocess.run(
            ["git", *words], cwd=self.path, capture_output=True, text=True, check=False
        )
        return done.stdout.strip() if done.returncode == 0 else None


@contextmanager
def _scratch() -> Iterator[Path]:
    with TemporaryDirectory(prefix="veritwin-bench-") as name:
        yield Path(name)
