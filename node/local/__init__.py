"""Networks whose nodes are all processes of this machine: their ports and their lives."""
