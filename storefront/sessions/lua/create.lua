-- Create a session.
--
-- KEYS[1]  the session, under an id that was just generated
-- ARGV[1]  milliseconds that it lives unused; then the name and value of each field
-- Result: 'done'.
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('HSET', KEYS[1], 'created', now, unpack(ARGV, 2))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 'done'
