"""What a learner may do with a badge: claim links, choices, requests; no Flask, no SQL."""
