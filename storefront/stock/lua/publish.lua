-- Publish a change of stock unless a newer one was published before: late and doubled deliveries change nothing.
--
-- KEYS  1 hash of the variant: the version and message published last
-- ARGV  1 version  2 message (JSON)  3 channel  4 seconds to keep the hash
-- Result: 1 published, 0 a newer or the same version was published before
local published = redis.call('HGET', KEYS[1], 'version')
if published and tonumber(published) >= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'message', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('PUBLISH', ARGV[3], ARGV[2])
return 1
