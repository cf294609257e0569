"""What others would build: measured beside the shop, with its bytes (PEER_BODY) and its Redis (PEER_REDIS)."""
