-- Release a lock, but only one's own.
-- KEYS[1]  the lock
-- ARGV[1]  the token that its holder put there
-- Returns 1 if it was released, 0 if it had run out or is somebody else's by now.
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
