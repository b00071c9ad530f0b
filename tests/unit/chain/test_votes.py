from itertools import combinations

from chain.certificate import precommit_hash
from chain.hashing import hash_tagged
from chain.scalars import Hash, Height, Round, UnixMillis
from chain.votes import prevote_hash, proposal_hash, vote_hash

GENESIS = hash_tagged("test", b"genesis")
BLOCK, OTHER = hash_tagged("test", b"block"), hash_tagged("test", b"other")
PLACE = (Height(7), Round(2))
TIME_MS = UnixMillis(9)


def test_a_precommit_signs_what_the_certificate_checks() -> None:
    said = vote_hash(GENESIS, "precommit", *PLACE, BLOCK, TIME_MS)
    assert said == precommit_hash(GENESIS, *PLACE, BLOCK, TIME_MS)


def test_a_prevote_signs_no_time() -> None:
    said = {vote_hash(GENESIS, "prevote", *PLACE, BLOCK, UnixMillis(time)) for time in (0, 9)}
    assert said == {prevote_hash(GENESIS, *PLACE, BLOCK)}


def test_every_part_is_in_what_is_signed() -> None:
    zero: Hash = Hash(bytes(32))
    signed = [
        prevote_hash(GENESIS, *PLACE, BLOCK),
        prevote_hash(OTHER, *PLACE, BLOCK),
        prevote_hash(GENESIS, Height(8), Round(2), BLOCK),
        prevote_hash(GENESIS, Height(7), Round(3), BLOCK),
        prevote_hash(GENESIS, *PLACE, OTHER),
        prevote_hash(GENESIS, *PLACE, None),
        proposal_hash(GENESIS, *PLACE, BLOCK, Round(-1), zero),
        proposal_hash(OTHER, *PLACE, BLOCK, Round(-1), zero),
        proposal_hash(GENESIS, Height(8), Round(2), BLOCK, Round(-1), zero),
        proposal_hash(GENESIS, Height(7), Round(3), BLOCK, Round(-1), zero),
        proposal_hash(GENESIS, *PLACE, OTHER, Round(-1), zero),
        proposal_hash(GENESIS, *PLACE, BLOCK, Round(0), zero),
        proposal_hash(GENESIS, *PLACE, BLOCK, Round(-1), OTHER),
        vote_hash(GENESIS, "precommit", *PLACE, BLOCK, TIME_MS),
    ]
    assert all(one != other for one, other in combinations(signed, 2))
