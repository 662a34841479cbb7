"""Mail to learners: composed only when it is sent, sent at least once with a message id that stays the same."""
