"""What outlives a key, an edition or the provider: enrolment, editions, anchors, reissuing, closing."""
