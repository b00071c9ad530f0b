from tests.unit.node.cli.conftest import Command, Served


def test_a_ready_node_is_described_and_exits_0(command: Command, served: Served) -> None:
    done = command("status", "--node", served.address)
    assert done.code == 0, done.err
    assert "health    ready: commits are progressing" in done.out
    assert "gridlink-1" in done.out


def test_a_node_that_is_not_ready_says_why_and_exits_1(command: Command, served: Served) -> None:
    served.node.reasons = ("2 of 4 validators are not reachable from here.",)
    done = command("status", "--node", served.address)
    assert done.code == 1
    assert "health    NOT READY: 2 of 4 validators are not reachable from here." in done.out


def test_json_is_what_the_node_answered(command: Command, served: Served) -> None:
    done = command("status", "--node", served.address, "--json")
    assert done.json["height"] == 7
