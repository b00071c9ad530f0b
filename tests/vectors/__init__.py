"""Golden vectors, and the sample chain they are made from."""
