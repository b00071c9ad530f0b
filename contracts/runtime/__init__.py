"""What compiled contracts call: the meter, and a helper for every operation that needs a check."""
