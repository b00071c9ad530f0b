"""The machine around the pure core: replica, storage, peers, API, explorer and command line."""
