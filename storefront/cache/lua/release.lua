-- Release a lease, if this token still holds it.
-- KEYS  1 lease   ARGV  1 token   Result: 1 or 0
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
