"""Who works here and what they chose: accounts, keys of programs, settings; no Flask, no SQL."""
