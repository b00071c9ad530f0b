"""What is wrong with a network, since when, and what to do: `veritwin diagnose`.

`asking` and `homes` gather an `Observation` from the nodes' APIs and from folders on this machine,
`comparing` finds where two states part, and the rules (`rules.find_all` joins them) make findings
of it. The rules are pure: the same observation gives the same findings.
"""
