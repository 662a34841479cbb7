"""`schemas` knows what a badge looks like; no clock, no network, no keys."""
