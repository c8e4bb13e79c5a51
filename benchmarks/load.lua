-- Sends the requests of a file in turn, from a given place on, and prints what came of it as JSON.
-- Each line of the file has, separated by tabs: method, path, body, then names and values of headers.

local requests, last = {}, 0

local function split(line)
   local parts = {}
   for part in (line .. "\t"):gmatch("([^\t]*)\t") do parts[#parts + 1] = part end
   return parts
end

function init(arguments)
   local first
   for line in io.lines(arguments[1]) do
      local parts, headers = split(line), {}
      for i = 4, #parts, 2 do headers[parts[i]] = parts[i + 1] end
      local body = parts[3] ~= "" and parts[3] or nil
      first = first or { method = parts[1], path = parts[2], headers = headers, body = body }
      requests[#requests + 1] = wrk.format(parts[1], parts[2], headers, body)
   end
   last = tonumber(arguments[2]) % #requests
   if #requests == 1 then
      -- wrk repeats one request by itself, without asking here each time.
      wrk.method, wrk.path, wrk.body = first.method, first.path, first.body
      for name, value in pairs(first.headers) do wrk.headers[name] = value end
      request = nil
   end
end

function request()
   last = last % #requests + 1
   return requests[last]
end

function done(summary, latency)
   local errors = summary.errors
   print(string.format(
      '{"requests":%d,"microseconds":%d,"bytes":%d,"bad_status":%d,"broken":%d,"median":%d,"p99":%d}',
      summary.requests, summary.duration, summary.bytes, errors.status,
      errors.connect + errors.read + errors.write + errors.timeout,
      latency:percentile(50), latency:percentile(99)
   ))
end
