"""`keys` knows who signed it; the verify half never imports the sign half."""
