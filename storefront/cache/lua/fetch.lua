-- Look up an entry; if it has to be built, try to become its builder.
--
-- KEYS  1 entry (hash)  2 tag times (sorted set: tag -> clock at its last invalidation, microseconds)  3 lease (string)
-- ARGV  1 variant of the body  2 ETags that the client has, separated by commas  3 spread of early refreshes (-ln u)
--       4 lease token ("" = do not build)  5 lease in milliseconds  6 mode ("" | "any": dead entries too | "force": build)
--       7 grace: microseconds for which an entry may be answered after the first relaxed invalidation that it misses
-- Result: {"hit" | "stale", meta, etag, body or false, microseconds until it is not fresh, tags, start,
--           moment at which it becomes wrong (seconds since the epoch) or false,
--           microseconds until the grace ends, or false without a relaxed invalidation}
--         {"build", start, born, "1" if others can be answered with an old value meanwhile, else ""}: the lease is ours
--         {"wait"}: another process builds
--         {"unstorable"}: it has to be built, and Redis accepts no writes
--
-- "!tag" is the time of the last hard invalidation. Three times describe the relaxed ones: "~tag" is the last, "~<tag"
-- the first of the last burst (a span of the grace), "~>tag" the last before that burst.
--
-- The clock never runs back: max(stored, TIME), stored whenever a build starts. "=born" is the clock when the tag times
-- were created: if Redis loses them, every older entry is dead.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local entry = redis.call('HMGET', KEYS[1], 'start', 'born', 'soft', 'delta', 'tags', 'etag', 'meta', 'until')
local meta_times = redis.call('ZMSCORE', KEYS[2], '=born', '=clock')
local born, clock = meta_times[1], meta_times[2]
local exists = entry[1] and born and tonumber(entry[2]) == tonumber(born)
local dead, forbidden = not exists, not exists
local relaxed -- the entry misses relaxed invalidations, the first of them at this time or later

if exists then
  local tags, names, missed, start = {}, {}, {}, tonumber(entry[1])
  for tag in string.gmatch(entry[5], '[^\n]+') do
    tags[#tags + 1] = tag
    names[#names + 1] = tag
    names[#names + 1] = '!' .. tag
    names[#names + 1] = '~' .. tag
  end
  for place, invalidated in ipairs(redis.call('ZMSCORE', KEYS[2], unpack(names))) do
    if invalidated and tonumber(invalidated) > start then
      if place % 3 == 0 then
        missed[#missed + 1] = '~<' .. tags[place / 3]
        missed[#missed + 1] = '~>' .. tags[place / 3]
      else
        dead = true
        forbidden = forbidden or place % 3 == 2
      end
    end
  end
  if not dead and #missed > 0 then
    relaxed = now
    local bounds = redis.call('ZMSCORE', KEYS[2], unpack(missed))
    for place = 1, #bounds, 2 do
      local first, before = tonumber(bounds[place] or 0), tonumber(bounds[place + 1] or 0)
      -- The first one that it misses is the burst's first, if there is none between the start and the burst.
      local since = first > start and before <= start and first or start
      dead = dead or since > now -- the clock ran back: the age is unknown
      relaxed = math.min(relaxed, since)
    end
    dead = dead or now - relaxed >= tonumber(ARGV[7])
  end
end

local function answer(outcome)
  local body = false
  local client_has_it = false
  for etag in string.gmatch(ARGV[2], '[^,]+') do client_has_it = client_has_it or etag == entry[6] end
  if not client_has_it then body = redis.call('HGET', KEYS[1], 'body:' .. ARGV[1]) end
  local fresh_for, grace = tonumber(entry[3]) - now, false
  if relaxed and not dead then
    fresh_for, grace = math.min(fresh_for, relaxed - now), relaxed + ARGV[7] - now
  end
  return {outcome, entry[7], entry[6], body, fresh_for, entry[5], entry[1], entry[8], grace}
end

if ARGV[6] == 'any' then
  if exists and not forbidden then return answer('stale') end
  return {'wait'}
end
local soft = not dead and tonumber(entry[3])
local fresh = soft and not relaxed and now < soft
if fresh and ARGV[6] ~= 'force' and now + tonumber(entry[4]) * tonumber(ARGV[3]) < soft then
  return answer('hit')
end
if ARGV[4] ~= '' then
  local set
  if ARGV[6] == 'force' then
    set = redis.pcall('SET', KEYS[3], ARGV[4], 'PX', ARGV[5])
  else
    set = redis.pcall('SET', KEYS[3], ARGV[4], 'NX', 'PX', ARGV[5])
  end
  if not set and redis.call('PTTL', KEYS[3]) == -1 then
    -- A lease without an expiry is not from this script; with it nobody would ever build again.
    redis.call('DEL', KEYS[3])
    set = redis.pcall('SET', KEYS[3], ARGV[4], 'NX', 'PX', ARGV[5])
  end
  if set and set.err then
    -- Redis is full or read-only: entries can still be read.
    if soft then return answer(fresh and 'hit' or 'stale') end
    return {'unstorable'}
  end
  if set then
    local start = math.max(tonumber(clock or 0), now)
    local text = string.format('%.0f', start)
    if not born then
      born = text
      redis.call('ZADD', KEYS[2], born, '=born')
    end
    redis.call('ZADD', KEYS[2], text, '=clock')
    return {'build', text, born, soft and '1' or ''}
  end
end
if soft then return answer(fresh and 'hit' or 'stale') end
return {'wait'}
