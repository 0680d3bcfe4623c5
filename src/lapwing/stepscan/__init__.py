"""Step scans: lists of positions, and what is done at each of them."""
