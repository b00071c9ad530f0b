"""How an attack has to end, in one word, from the shorter words of older tables."""

from collections.abc import Mapping

_STATUSES = ("ok", "call_depth", "contract_error", "no_such_handler")


def make_attacks(
    refused: Mapping[str, tuple[str, str]], contained: Mapping[str, tuple[str, str]]
) -> dict[str, tuple[str, str]]:
    """Give (source, ending) of sources with the rule that refuses them, or how they end."""
    attacks = {
        name: (source, f"refused:{rule}" if rule else "refused")
        for name, (source, rule) in refused.items()
    }
    for name, (source, word) in contained.items():
        if word == "gas":
            attacks[name] = (source, "out_of_gas")
        else:
            attacks[name] = (source, word if word in _STATUSES else f"error:{word}")
    return attacks
