-- Release a lock that the caller holds.
-- KEYS[1]  the lock
-- ARGV[1]  the token of the caller
-- Returns 1 if it was released, 0 if it has expired or another process holds it.
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
