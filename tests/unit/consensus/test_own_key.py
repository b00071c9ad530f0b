from msgspec.structs import replace

from chain.scalars import Weight
from chain.validators import ValidatorSet
from consensus.own_key import OwnKey, find_own_key
from tests.unit.consensus.world import FOUR, HashSigner, make_validators

OLD, NEW = HashSigner(1), HashSigner(7)


def rotated() -> ValidatorSet:
    """The set in which member 1 votes with its new key."""
    members = list(FOUR.members)
    members[1] = replace(members[1], vote_key=NEW.public_key)
    return ValidatorSet(tuple(members))


def test_the_place_follows_the_key() -> None:
    assert find_own_key((OLD,), FOUR) == OwnKey(1, OLD)
    assert find_own_key((OLD,), ValidatorSet(FOUR.members[1:])) == OwnKey(0, OLD)
    assert find_own_key((OLD,), make_validators(1)) is None
    assert find_own_key((), FOUR) is None


def test_of_several_keys_the_one_that_the_set_names_signs() -> None:
    assert find_own_key((OLD, NEW), FOUR) == OwnKey(1, OLD)
    assert find_own_key((NEW, OLD), FOUR) == OwnKey(1, OLD)
    assert find_own_key((OLD, NEW), rotated()) == OwnKey(1, NEW)
    assert find_own_key((OLD,), rotated()) is None


def test_a_member_without_weight_has_no_vote() -> None:
    members = list(FOUR.members)
    members[1] = replace(members[1], weight=Weight(0))
    assert find_own_key((OLD,), ValidatorSet(tuple(members))) is None
