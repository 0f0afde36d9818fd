"""Browser-side pieces: what moves without a round trip to the server. Each has its JavaScript beside it."""
