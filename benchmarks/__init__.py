"""Benchmarks that can be believed: peers interleaved in one run, ratios with their spread, raw samples kept."""
