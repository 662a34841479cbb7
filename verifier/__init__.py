"""`verifier` decides whether to believe it; never touches a private key."""
