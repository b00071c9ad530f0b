"""The demo: a whole consortium on one machine, through the same doors that strangers use.

Every node is a process of its own, every gateway signs with its own key and speaks HTTP to its own
organisation's node. Nothing here reaches into a node.
"""
