"""Pictures: the badge, artwork of a provider, cards for shared links; nothing is signed here."""
