"""One body, many good signatures: a sender must not be able to split the network with them."""

from hashlib import sha512

from msgspec.structs import replace
from nacl import bindings

from chain.codec import encode
from chain.hashing import signing_hash
from chain.keys import SigningKey, verify
from chain.scalars import Signature
from chain.transaction import SignedTransaction, Transaction
from tests.unit.node.replica.alone import TWIN
from tests.unit.node.replica.network import World, key_of, make_genesis
from tests.unit.node.replica.test_replica import committed_everywhere


def sign_again(transaction: Transaction, key: SigningKey, nonce: bytes) -> Transaction:
    """Sign the same body with another nonce than RFC 8032 prescribes; verifiers cannot tell."""
    secret = bytearray(sha512(key.seed).digest()[:32])
    secret[0] &= 248
    secret[31] = secret[31] & 127 | 64
    message = signing_hash("transaction", transaction.body.genesis, transaction.id)
    r = bindings.crypto_core_ed25519_scalar_reduce(sha512(nonce).digest())
    point = bindings.crypto_scalarmult_ed25519_base_noclamp(r)
    challenge = bindings.crypto_core_ed25519_scalar_reduce(
        sha512(point + key.public_key + message).digest()
    )
    scalar = bindings.crypto_core_ed25519_scalar_reduce(bytes(secret) + bytes(32))
    product = bindings.crypto_core_ed25519_scalar_mul(challenge, scalar)
    signature = Signature(point + bindings.crypto_core_ed25519_scalar_add(r, product))
    assert verify(key.public_key, message, signature)
    raw = encode(SignedTransaction(encode(transaction.body), signature))
    return replace(transaction, signature=signature, raw=raw)


def test_a_transaction_with_another_signature_at_each_node_is_ordered_once() -> None:
    world = World(make_genesis())
    world.run(1_000)
    transaction = world.transaction(0, TWIN)
    variants = [sign_again(transaction, key_of("admin0"), bytes([n])) for n in range(4)]
    assert len({variant.raw for variant in variants}) == 4
    for index, variant in enumerate(variants):
        world.submit(index, variant)
    assert world.run(5_000, lambda: committed_everywhere(world, transaction.id))
    world.run(1_000)
    assert {node.head.transactions_total for node in world.nodes} == {1}
    assert len({node.head.state_root for node in world.nodes}) == 1


def test_a_node_that_was_away_takes_whatever_signature_its_peers_hold() -> None:
    world = World(make_genesis())
    world.run(1_000)
    world.stop(3)
    transaction = world.transaction(0, TWIN)
    for index in range(3):
        world.submit(index, sign_again(transaction, key_of("admin0"), bytes([index])))
    assert world.run(10_000, lambda: committed_everywhere(world, transaction.id))
    world.start(3)
    assert world.run(5_000, lambda: committed_everywhere(world, transaction.id))
