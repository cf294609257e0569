-- Replace a body by a smaller form of the same body, once; TTL, tags and start stay as they are.
--
-- KEYS  1 entry
-- ARGV  1 etag  2 variant  3 body ("" = only look it up)
-- Result: the smaller form; "" if there is none yet; nothing if the entry is gone or has changed
local has = redis.call('HMGET', KEYS[1], 'etag', 'best')
if has[1] ~= ARGV[1] then return false end
if has[2] then return redis.call('HGET', KEYS[1], 'body:' .. ARGV[2]) end
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'body:' .. ARGV[2], ARGV[3], 'best', '1') end
return ARGV[3]
