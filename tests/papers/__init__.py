"""One test for each rule of a paper, with its number."""
