"""Which commit is compared, and what the other tree holds."""

import subprocess
from pathlib import Path

import pytest

from tests.bench.trees import FOLDER, CannotCollect, Clone, Tree, WrongTree


def git(folder: Path, *words: str) -> str:
    settings = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", *settings, *words], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def commit(folder: Path, text: str) -> str:
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    (folder / FOLDER / "test_a_parts.py").write_text(f"# {text}\n")
    (folder / "code.py").write_text(f"# {text}\n")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", text)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    return folder


def test_on_the_main_line_the_commit_before_is_compared(repository: Path) -> None:
    first = commit(repository, "one")
    commit(repository, "two")
    assert Clone(repository).find_former() == first


def test_what_is_not_committed_is_compared_with_the_last_commit(repository: Path) -> None:
    commit(repository, "one")
    second = commit(repository, "two")
    (repository / "code.py").write_text("# three\n")
    assert Clone(repository).find_former() == second


def test_a_branch_is_compared_with_where_it_left_the_main_line(repository: Path) -> None:
    first = commit(repository, "one")
    git(repository, "switch", "--quiet", "-c", "branch")
    commit(repository, "two")
    commit(repository, "three")
    assert Clone(repository).find_former() == first


def test_a_first_commit_a_shallow_clone_and_no_clone_have_nothing_to_compare(
    repository: Path, tmp_path: Path
) -> None:
    commit(repository, "one")
    assert Clone(repository).find_former() is None
    commit(repository, "two")
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{repository}", "shallow")
    assert Clone(tmp_path / "shallow").find_former() is None
    (tmp_path / "bare").mkdir()
    assert Clone(tmp_path / "bare").find_former() is None


def test_the_other_tree_has_its_own_code_and_the_new_benchmarks(repository: Path) -> None:
    first = commit(repository, "one")
    commit(repository, "two")
    clone = Clone(repository)
    assert clone.resolve("HEAD~1") == first
    assert clone.resolve("nowhere") is None
    with clone.check_out(first) as tree:
        assert (tree.path / "code.py").read_text() == "# one\n"
        assert (tree.path / FOLDER / "test_a_parts.py").read_text() == "# two\n"
    assert not tree.path.exists()
    assert len(git(repository, "worktree", "list").splitlines()) == 1


MEASURED = """import pytest
pytestmark = pytest.mark.bench
def test_decode(benchmark):
    benchmark.extra_info["tree"] = {tree!r}
    benchmark.pedantic(sum, ([1, 2],), rounds=2)
def test_other(benchmark):
    raise AssertionError("not asked for")
"""


def test_a_file_that_does_not_import_takes_only_its_own_parts_away(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / FOLDER / "test_a_parts.py").write_text("import nowhere\n")
    (tmp_path / FOLDER / "test_b_parts.py").write_text(MEASURED.format(tree=str(tmp_path)))
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = bench\n")
    asked = [f"{FOLDER}/test_a_parts.py::test_gone", f"{FOLDER}/test_b_parts.py::test_decode"]
    assert list(Tree(tmp_path).measure(asked)) == asked[1:]
    (tmp_path / FOLDER / "test_b_parts.py").write_text(MEASURED.format(tree="elsewhere"))
    with pytest.raises(WrongTree, match="test_decode ran in elsewhere"):
        Tree(tmp_path).measure(asked)


def test_benchmarks_that_do_not_import_are_an_error_and_not_a_pass(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / FOLDER / "test_a_parts.py").write_text("import nowhere\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = bench\n")
    with pytest.raises(CannotCollect, match="nowhere"):
        Tree(tmp_path).list_tests()
