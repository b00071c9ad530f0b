"""`veritwin contract`: write, test, propose, approve and look at contracts."""

import click

from node.cli import contract_author, contract_life, contract_views


@click.group(name="contract")
def command() -> None:
    """Write and test contracts; propose, approve and look at them."""


for one in (*contract_author.COMMANDS, *contract_life.COMMANDS, *contract_views.COMMANDS):
    command.add_command(one)
