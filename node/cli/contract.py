"""`veritwin contract`: write, test, propose, approve and look at contracts."""

from itertools import chain

import click

from node.cli import contract_author, contract_life, contract_simulate, contract_views


@click.group(name="contract")
def command() -> None:
    """Write and test contracts; propose, approve and look at them."""


for one in chain(
    contract_author.COMMANDS,
    contract_simulate.COMMANDS,
    contract_life.COMMANDS,
    contract_views.COMMANDS,
):
    command.add_command(one)
