"""What things are: named scalars, canonical codec, hashing, keys, transactions, blocks, proofs.

The ground floor. It holds nouns and the arithmetic on them, decides nothing and performs
nothing: no clock, socket, disk or chance. `consensus` orders these nouns, `contracts` gives them
meaning, `node` makes it happen. Start reading at `chain/block.py`.
"""
