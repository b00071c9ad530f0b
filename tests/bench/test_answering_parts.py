"""What clients ask of a node: a twin, and what became of the transactions they handed in."""

import json

import pytest

from chain.operations import Telemetry
from node.api.answers import json_answer
from node.api.views.transactions import SubmitAnswers, answer_final
from node.api.views.twins import view_twin
from node.reader import Reader
from tests.bench.conftest import Measure
from tests.bench.material import Executing

pytestmark = pytest.mark.bench


def test_view_100_twins(measure: Measure, batches: Executing) -> None:
    reader = Reader(batches.store, batches.chain.genesis)
    height, root = batches.head.height, batches.head.state_root
    updates = [one.body.operation for one in batches.transactions]
    twins = [update.batches[0].twin for update in updates if isinstance(update, Telemetry)]
    assert len(twins) == 100

    def view() -> None:
        for twin in twins:
            found = reader.twins.get_with_parts(twin, height)
            assert found is not None
            json_answer(view_twin(found, root))

    measure(view)


def test_answer_100_submissions_that_are_final(measure: Measure, singles: Executing) -> None:
    reader = Reader(singles.store, singles.chain.genesis)
    block = singles.chain.blocks[-1]
    ids = [one.id for one in block.transactions[:100]]

    def answer() -> bytes:
        found = [reader.blocks.transaction(id_) for id_ in ids]
        items = [answer_final(one) for one in found if one is not None]
        body = json_answer(SubmitAnswers(items=items)).body
        assert isinstance(body, bytes)
        return body

    assert [one["id"] for one in json.loads(answer())["items"]] == [id_.hex() for id_ in ids]
    measure(answer)
