"""Parts of the composition root that are large enough for a file of their own."""
