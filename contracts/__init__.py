"""What transactions mean: native operations, and the contract language with its executors."""
