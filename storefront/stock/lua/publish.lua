-- Tell a change of stock, unless a newer one has been told: late and doubled deliveries change nothing.
--
-- KEYS  1 hash of the variant: version and message last told
-- ARGV  1 version  2 message (JSON)  3 channel  4 seconds to remember
-- Result: 1 told, 0 something newer was told before
local known = redis.call('HGET', KEYS[1], 'version')
if known and tonumber(known) >= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'message', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('PUBLISH', ARGV[3], ARGV[2])
return 1
