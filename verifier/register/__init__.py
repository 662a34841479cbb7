"""Which provider was entitled to award what, on which day: records, signed editions, binding and the decision."""
