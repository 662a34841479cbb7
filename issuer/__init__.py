"""`issuer` makes it: exactly once, and never one that our own verifier would refuse."""
