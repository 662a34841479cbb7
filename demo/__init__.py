"""The main job end to end with invented people and providers: `make demo`, or `python -m demo`."""
