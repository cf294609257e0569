"""Other ways to build a shop, for comparison. They use the shop's bytes (PEER_BODY) and its Redis (PEER_REDIS)."""
