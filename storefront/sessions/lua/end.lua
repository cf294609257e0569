-- End a session: only a tombstone remains.
--
-- KEYS[1]  the session
-- ARGV[1]  milliseconds that the tombstone lives
-- Result: 1 if there was a session, else 0.
if type(redis.pcall('HGET', KEYS[1], 'created')) ~= 'string' then
  return 0
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'ended', '1') -- works on a full server too: a script that has deleted may write
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
