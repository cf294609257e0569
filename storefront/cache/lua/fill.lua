-- Store a value that was built under a lease, unless one of its tags was invalidated after the build began. A relaxed
-- invalidation does not prevent that within the grace: the entry is stale, and may be answered until the grace ends.
--
-- KEYS  1 entry  2 tag times  3 lease
-- ARGV  1 lease token  2 start  3 born (both as fetch.lua gave them)  4 soft TTL  5 hard TTL, both in milliseconds
--       6 delta: microseconds that the build took  7 tags, one per line  8 etag  9 meta  10 moment at which it becomes wrong
--       (seconds since the epoch; "" = never; the TTLs end by then)  11 grace in microseconds
--       12 "start tag", one per line, for the tags of values that the build read and that are older than its start
--       13 address of the page, or ""  14.. variant, body, …
-- Result: 1 stored, 2 stored and stale, 0 the lease is no longer ours, -1 one of the tags was invalidated after start
if redis.call('GET', KEYS[3]) ~= ARGV[1] then return 0 end
local names, starts, older = {}, {}, {}
local start = tonumber(ARGV[2])
for earlier, tag in string.gmatch(ARGV[12], '(%d+) ([^\n]+)') do older[tag] = tonumber(earlier) end
for tag in string.gmatch(ARGV[7], '[^\n]+') do
  names[#names + 1] = tag
  names[#names + 1] = '~' .. tag
  starts[#starts + 1] = older[tag] or start
end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local born = redis.call('ZSCORE', KEYS[2], '=born')
local outdated = not born or tonumber(born) ~= tonumber(ARGV[3])
local stale = false
for place, invalidated in ipairs(redis.call('ZMSCORE', KEYS[2], unpack(names))) do
  local read_at = starts[math.ceil(place / 2)]
  if invalidated and tonumber(invalidated) > read_at then
    stale = true
    -- The first relaxed invalidation that it misses is later than its start, so its grace has not ended either.
    local in_grace = read_at == start and now - start < tonumber(ARGV[11])
    outdated = outdated or place % 2 == 1 or not in_grace
  end
end
if outdated then
  redis.call('DEL', KEYS[3])
  return -1
end
local soft = now + ARGV[4] * 1000
local fields = {'start', ARGV[2], 'born', ARGV[3], 'soft', string.format('%.0f', soft), 'delta', ARGV[6],
  'tags', ARGV[7], 'etag', ARGV[8], 'meta', ARGV[9]}
if ARGV[10] ~= '' then
  fields[#fields + 1] = 'until'
  fields[#fields + 1] = ARGV[10]
end
if ARGV[13] ~= '' then
  fields[#fields + 1] = 'address'
  fields[#fields + 1] = ARGV[13]
end
for place = 14, #ARGV, 2 do
  fields[#fields + 1] = 'body:' .. ARGV[place]
  fields[#fields + 1] = ARGV[place + 1]
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(fields))
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('DEL', KEYS[3])
return stale and 2 or 1
