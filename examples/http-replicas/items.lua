-- For wrk: writes and reads of a few items, each value once.
local n, t = 0, 0
function setup(thread) thread:set("id", t); t = t + 1 end
request = function()
  n = n + 1
  local path = "/v1/items/" .. (n % 3)
  if n % 2 == 0 then return wrk.format("GET", path) end
  return wrk.format("PUT", path, nil, '{"data":{"value":"' .. id .. "-" .. n .. '"}}')
end
