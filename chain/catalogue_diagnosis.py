"""Catalogue entries 81xx: what `veritwin diagnose` finds, and faults that only an alarm tells of.

`GRAVE`: the chain stands or is in doubt, 810x. `NODE`: one node is in trouble, 811x to 8120 and
814x. `MINOR`: it will be, or something else is not as it should, 8121 to 8129 and 815x. `STOPPED`,
813x: what stopped a node without a code of its own.
"""

from typing import Final

from chain.catalogue_entry import Entry

GRAVE: Final = (
    Entry(
        "VT-8101",
        "other-chain",
        "A node runs another chain",
        "{node} runs chain {theirs}, the other nodes run {ours}.",
        "Give that node the genesis.json of its members, or leave out its address.",
    ),
    Entry(
        "VT-8102",
        "state-differs",
        "A node gets another state than the others",
        "{node} ({organisation}) gets another state at height {height}: {key}.",
        "Keep its folder. If its disk is to blame, move database/ away, keep last-signed, and "
        "start it: it fetches the chain anew. Else compare the versions, and report it.",
    ),
    Entry(
        "VT-8103",
        "chain-forked",
        "Two nodes hold different blocks at one height",
        "{node} and {other} hold different blocks from height {height} on: {key}.",
        "Stop both. Validators signed twice, or a database was changed by hand: keep all folders, "
        "and compare them before anybody relies on this chain.",
    ),
    Entry(
        "VT-8104",
        "no-quorum",
        "Too few validators are there to decide a block",
        "Missing: {missing}. {present}, {quorum} must agree.",
        "Start the missing nodes, or mend their network; blocks go on as soon as enough are back. "
        "For one that runs and cannot vote see what is said of it.",
    ),
    Entry(
        "VT-8105",
        "network-split",
        "The validators are split into groups, and none can decide",
        "The groups are {groups}. {quorum} must agree on a block.",
        "All these nodes run: mend the network between the groups (addresses, ports, firewalls).",
    ),
    Entry(
        "VT-8106",
        "rounds-fail",
        "Consensus goes from round to round without a decision",
        "Height {height} is in {round}: {missing}.",
        "Look at the logs of those nodes: proposals that they refuse, clocks, slow disks or lines.",
    ),
    Entry(
        "VT-8107",
        "signed-twice",
        "A validator signed two different messages at one place",
        "{node} ({organisation}) signed two {kind}s at height {height} round {round}.",
        "Ask its operator to stop it and to look for a second node with the same vote key; "
        "until then count it among the faulty ones.",
    ),
)

NODE: Final = (
    Entry(
        "VT-8110",
        "stopped-by-fault",
        "A node stopped because of a fault",
        "{node} stopped with {code}: {title}. {why}",
        "Do what `veritwin explain` says for that code, then start the node.",
    ),
    Entry(
        "VT-8111",
        "node-missing",
        "A node is missing",
        "{node} ({organisation}) is connected to none of the nodes that answer.",
        "Start it, or mend its network. It catches up by itself.",
    ),
    Entry(
        "VT-8112",
        "node-cut-off",
        "A node runs but reaches no other",
        "{node} ({organisation}) answers here, but is connected to no other node.",
        "Check its network, its peers in node.yaml, and whether its port can be reached.",
    ),
    Entry(
        "VT-8113",
        "link-down",
        "Two nodes that run are not connected to each other",
        "{node} ({organisation}) and {other} ({other_organisation}) have no connection.",
        "Check the address of each in the other's node.yaml, and firewalls between them. Blocks "
        "go on, as the others pass messages on.",
    ),
    Entry(
        "VT-8114",
        "one-way",
        "A connection works in one direction only",
        "{node} ({organisation}) hears {other} ({other_organisation}), which does not hear it.",
        "Look for a firewall or a route that drops packets from the first to the second.",
    ),
    Entry(
        "VT-8115",
        "clock-off",
        "A clock is wrong",
        "The clock of {node} ({organisation}) is {offset} {direction} {others}.",
        "Set it, and let it be kept right: NTP or PTP on that machine.",
    ),
    Entry(
        "VT-8116",
        "node-behind",
        "A node is behind",
        "{node} ({organisation}) is {blocks} blocks behind: it is at {height} of {target}.",
        "Wait while it catches up. If it does not, look at its log and its connections.",
    ),
    Entry(
        "VT-8117",
        "votes-missing",
        "A validator is connected, but no vote of it counts",
        "No vote of {node} ({organisation}) was counted in the last {blocks} blocks.",
        "Look at its log: it may hold back after a restart, or be too slow for the others.",
    ),
    Entry(
        "VT-8118",
        "no-room",
        "A disk has no room left",
        "{node} has {free} left on its disk, less than the {least} it needs.",
        "Free some space. Until then it takes no transactions from clients.",
    ),
    Entry(
        "VT-8119",
        "mempool-nearly-full",
        "Transactions wait faster than blocks take them",
        "{node} holds {transactions} transactions with {size}; {limit} is its limit.",
        "Send less for a while. If blocks stand still, mend that first.",
    ),
    Entry(
        "VT-8120",
        "certificate-ended",
        "A TLS certificate has ended",
        "The certificate of {name} ended; nodes refuse connections that rest on it.",
        "Issue a new one with the same key, put it into the node's folder and start it again.",
    ),
    Entry(
        "VT-8140",
        "block-not-proven",
        "A node shows a block that its validators did not decide",
        "{node} at {address} shows another block at height {height} than was decided there.",
        "Believe nothing that this address says. Find out who changed it: something before the "
        "node's API, its program or its disk. The other nodes are judged without it.",
    ),
    Entry(
        "VT-8141",
        "vote-withheld",
        "A member does not vote for now, as its last-signed file was lost",
        "{node} ({organisation}) runs, but does not know what it signed before.",
        "Keep enough of the others running, and wait: it votes again when the chain is past all "
        "that it can have signed.",
    ),
    Entry(
        "VT-8142",
        "vote-lost",
        "A member never votes again, as its last-signed file was lost under Raft",
        "{node} ({organisation}) runs, but does not know what it signed before.",
        "Remove it: `veritwin member propose remove NODE`. Then make a new home with another name "
        "(`veritwin node card --help`, `veritwin node init --help`) and let members add that "
        "(`veritwin member propose add-node --help`).",
    ),
    Entry(
        "VT-8143",
        "vote-key-missing",
        "A member cannot vote, as its vote key is not in its home",
        "{node} ({organisation}) runs without the vote key that the chain names for it.",
        "Put the key's file back into keys/ of its home; it is found without a restart. If it is "
        "lost, change it: `veritwin member rotate-key --help`.",
    ),
)

MINOR: Final = (
    Entry(
        "VT-8121",
        "api-silent",
        "The API of a node does not answer",
        "{address} does not answer: {reason}.",
        "If other nodes are connected to it, it runs: check the address, its port and firewalls.",
    ),
    Entry(
        "VT-8122",
        "room-ends",
        "A disk is nearly full",
        "{node} has {free} left on its disk; below {least} it takes no more transactions.",
        "Free some space, or give it a larger disk.",
    ),
    Entry(
        "VT-8123",
        "certificate-ends",
        "A TLS certificate ends soon",
        "The certificate of {name} ends in {days} days.",
        "Issue a new one with the same key, put it into the node's folder and start it again.",
    ),
    Entry(
        "VT-8124",
        "versions-differ",
        "The nodes run different versions",
        "The nodes run {versions}.",
        "Bring all to the newest version, one after the other.",
    ),
    Entry(
        "VT-8125",
        "worker-restarted",
        "A contract worker died and was replaced",
        "The contract worker of {node} was replaced {count} times since the node started.",
        "Look at its log and its memory. A transaction that kills it twice in a row is set aside: "
        "this node leaves it out of its blocks and votes for none that holds it.",
    ),
    Entry(
        "VT-8126",
        "node-not-ready",
        "A node is not ready",
        "{node} ({organisation}) says: {reason}",
        "Ask again in a moment; a node that was just started needs its first block.",
    ),
    Entry(
        "VT-8127",
        "fault-not-past",
        "A node that stopped because of a fault is not past it yet",
        "{node} runs again after {code}: {title}.",
        "Watch it: the alarm is put aside when it has committed the height where it stopped.",
    ),
    Entry(
        "VT-8128",
        "odd-answer",
        "An address answers, but not as a node of this version",
        "{address}: {reason}",
        "Check the address, what stands before it, and that both sides run the same version.",
    ),
    Entry(
        "VT-8129",
        "not-a-member",
        "A node runs that is no member of the chain",
        "{node} is no member of the chain at height {height}, so the others do not let it in.",
        "Stop it if it was removed. If it is to join, members add it with "
        "`veritwin member propose add-node --card CARD`.",
    ),
    Entry(
        "VT-8150",
        "accused-by-one",
        "One node accuses a validator, and nobody else saw it",
        "{witness} says that {node} ({organisation}) signed two {kind}s at height {height} round "
        "{round}.",
        "See `veritwin evidence list`: what was signed twice is recorded there with both "
        "signatures. If nothing is, look at who accuses.",
    ),
)

STOPPED: Final = (
    Entry(
        "VT-8130",
        "unexpected-failure",
        "The program failed",
        "{why}",
        "Report it with the end of the node's log; then start the node again.",
    ),
    Entry(
        "VT-8131",
        "worker-failed-twice",
        "The contract worker failed twice in a row",
        "{why}",
        "Look at the machine's memory and the node's log, then start the node again.",
    ),
)

ENTRIES: Final[tuple[Entry, ...]] = (*GRAVE, *NODE, *MINOR, *STOPPED)
