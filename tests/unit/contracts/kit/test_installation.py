"""A source is put in force in a rehearsal as a real chain would do it."""

import pytest

from chain.errors import Refused
from contracts.kit.chain import Chain
from contracts.kit.installation import install_source
from contracts.kit.members import KitContract, propose
from contracts.kit.rehearsal import Rehearsal
from tests.unit.contracts.native.lifecycle import FIRST, NAME, SECOND


def test_only_what_is_deployed_is_replaced():
    chain = Chain()
    chain.empty_block()
    tried = Rehearsal(chain.genesis, chain.state.copy())
    with pytest.raises(Refused, match="VT-2040"):
        tried.install(NAME, FIRST, None, chain.blocks[0])


def test_it_gets_a_number_of_its_own_when_another_version_waits():
    chain = Chain()
    propose(chain, NAME, FIRST, {})
    propose(chain, NAME, SECOND, {}, 1, chain.height + 50)
    tried = Chain(genesis=chain.genesis)
    tried.state.write(dict(chain.state.range(b"", b"\xff" * 40, 100_000)))
    other = Rehearsal(chain.genesis, tried.state)
    install_source(NAME, SECOND, None, other.context(chain.blocks[-1]), other.executor, tried.state)
    assert KitContract(tried, NAME).record.version == 3
