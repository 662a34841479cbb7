"""The register office: signs editions, registers providers' keys; its own folder, its own keys."""
