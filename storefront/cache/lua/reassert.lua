-- Set tag times again where Redis has lost them; times that are at least as new are not changed.
--
-- KEYS  1 tag times
-- ARGV  1 channel  2.. clock, tag, …
-- Result: the number of times that were missing
--
-- Each time is the clock of its invalidation, so entries that were built after it stay valid. A relaxed invalidation
-- ("~tag") that was lost counts as strict from now on: others of the same burst may be lost, too.
local known = redis.call('ZMSCORE', KEYS[1], '=born', '=clock')
if not known[1] then return 0 end -- no entry is alive
local tags = {}
for place = 3, #ARGV, 2 do tags[#tags + 1] = ARGV[place] end
if #tags == 0 then return 0 end
local changes, lost, newest = {}, {}, tonumber(known[2] or 0)
for place, invalidated in ipairs(redis.call('ZMSCORE', KEYS[1], unpack(tags))) do
  local clock, tag = ARGV[2 * place], tags[place]
  if not invalidated or tonumber(invalidated) < tonumber(clock) then
    local mode, plain = string.match(tag, '^([!~]?)(.*)')
    changes[#changes + 1] = clock
    changes[#changes + 1] = tag
    if mode == '~' then
      changes[#changes + 1] = clock
      changes[#changes + 1] = plain
    end
    lost[#lost + 1] = plain
    newest = math.max(newest, tonumber(clock))
  end
end
if #lost == 0 then return 0 end
redis.call('ZADD', KEYS[1], 'GT', string.format('%.0f', newest), '=clock', unpack(changes))
redis.call('PUBLISH', ARGV[1], table.concat(lost, '\n'))
return #lost
