"""All rules, asked one after the other; what they find, the gravest first."""

from collections.abc import Callable, Iterator
from typing import Final

from node.diagnosis.agreement import find_differences, find_double_signers
from node.diagnosis.connections import (
    find_broken_links,
    find_missing,
    find_mute,
    find_quorum_faults,
    find_silent_apis,
)
from node.diagnosis.finding import Finding, Severity
from node.diagnosis.machines import (
    find_ending_certificates,
    find_faults,
    find_full_disks,
    find_full_mempools,
    find_restarted_workers,
    find_strangers,
    find_unproven,
    find_unready,
    find_versions,
)
from node.diagnosis.observation import Observation
from node.diagnosis.progress import (
    find_failing_rounds,
    find_laggards,
    find_silent_voters,
    find_wrong_clocks,
)
from node.diagnosis.scene import Scene

Rule = Callable[[Scene], Iterator[Finding]]
RULES: Final[tuple[Rule, ...]] = (
    find_strangers,
    find_unproven,
    find_differences,
    find_quorum_faults,
    find_failing_rounds,
    find_double_signers,
    find_faults,
    find_missing,
    find_mute,
    find_broken_links,
    find_wrong_clocks,
    find_laggards,
    find_silent_voters,
    find_full_disks,
    find_full_mempools,
    find_ending_certificates,
    find_silent_apis,
    find_versions,
    find_restarted_workers,
)


def find_all(observation: Observation) -> list[Finding]:
    """Give all that is wrong, the gravest first; nothing when all is well."""
    scene = Scene(observation)
    found = [finding for rule in RULES for finding in rule(scene)]
    if all(finding.severity is not Severity.CRITICAL for finding in found):
        # What a node says against itself counts where nothing else tells why.
        explained = {node for finding in found for node in finding.nodes}
        found += [one for one in find_unready(scene) if not explained.intersection(one.nodes)]
    return sorted(found, key=lambda finding: (finding.severity, finding.code))
