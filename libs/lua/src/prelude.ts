/**
 * The Lua side of the sandbox, run in a fresh state before every script: it takes the request as pieces of JSON, removes what a script
 * must not have, runs the script and gives the answer back as JSON. Argo CD's sandbox decides what is there (E06).
 */
export const PRELUDE = String.raw`
local find, sub, byte, char, format, gsub, rep = string.find, string.sub, string.byte, string.char, string.format, string.gsub, string.rep
local concat, floor, huge = table.concat, math.floor, math.huge
local tonumber, tostring, type, pairs, next, pcall, error, rawget = tonumber, tostring, type, pairs, next, pcall, error, rawget
local load, getmetatable, unpack = load, getmetatable, table.unpack
local pieces, lists, objects = {}, {}, {}

function put(piece) pieces[#pieces + 1] = piece end

local ESCAPES = { b = '\b', f = '\f', n = '\n', r = '\r', t = '\t' }

local function utf8(code)
  if code < 128 then return char(code) end
  if code < 2048 then return char(192 + floor(code / 64), 128 + code % 64) end
  return char(224 + floor(code / 4096), 128 + floor(code / 64) % 64, 128 + code % 64)
end

-- Reads what JSON.stringify writes: no white space, and \u only for control characters and single surrogates.
local function decode(text)
  local at = 1
  local value
  local function str()
    local from = at + 1
    local stop = find(text, '["\\]', from)
    if byte(text, stop) == 34 then
      at = stop + 1
      return sub(text, from, stop - 1)
    end
    local parts = {}
    while byte(text, stop) ~= 34 do
      parts[#parts + 1] = sub(text, from, stop - 1)
      local escape = sub(text, stop + 1, stop + 1)
      if escape == 'u' then
        parts[#parts + 1] = utf8(tonumber(sub(text, stop + 2, stop + 5), 16))
        from = stop + 6
      else
        parts[#parts + 1] = ESCAPES[escape] or escape
        from = stop + 2
      end
      stop = find(text, '["\\]', from)
    end
    parts[#parts + 1] = sub(text, from, stop - 1)
    at = stop + 1
    return concat(parts)
  end
  local function object()
    local result = {}
    at = at + 1
    if byte(text, at) == 125 then objects[result] = true end
    while byte(text, at) ~= 125 do
      local key = str()
      at = at + 1
      result[key] = value()
      if byte(text, at) == 44 then at = at + 1 end
    end
    at = at + 1
    return result
  end
  local function list()
    local result, n = {}, 0
    at = at + 1
    while byte(text, at) ~= 93 do
      local item = value()
      if item ~= nil then
        n = n + 1
        result[n] = item
      end
      if byte(text, at) == 44 then at = at + 1 end
    end
    if n == 0 then lists[result] = true end
    at = at + 1
    return result
  end
  function value()
    local first = byte(text, at)
    if first == 34 then return str() end
    if first == 123 then return object() end
    if first == 91 then return list() end
    if first == 116 then at = at + 4 return true end
    if first == 102 then at = at + 5 return false end
    if first == 110 then at = at + 4 return nil end
    local from, stop = find(text, '^[-+.%deE]+', at)
    at = stop + 1
    return tonumber(sub(text, from, stop))
  end
  return value()
end

local function quote(text)
  return '"' .. gsub(text, '[%c"\\]', function(c) return format('\\u%04x', byte(c)) end) .. '"'
end

local function number(n)
  if n ~= n or n == huge or n == -huge then error('the answer holds a number that JSON cannot express', 0) end
  if n == floor(n) and n < 1e15 and n > -1e15 then return format('%.0f', n) end
  return format('%.17g', n)
end

local encode
local function encodeList(list, depth)
  local parts, n = {}, 0
  for _ in pairs(list) do n = n + 1 end
  for i = 1, n do
    local item = rawget(list, i)
    if item == nil then error('the answer holds a table that is neither a list nor an object', 0) end
    parts[i] = encode(item, depth + 1)
  end
  return '[' .. concat(parts, ',') .. ']'
end

local function encodeObject(object, depth)
  local parts = {}
  for key, item in pairs(object) do
    if type(key) ~= 'string' then error('the answer holds a table that is neither a list nor an object', 0) end
    parts[#parts + 1] = quote(key) .. ':' .. encode(item, depth + 1)
  end
  return '{' .. concat(parts, ',') .. '}'
end

function encode(item, depth)
  local kind = type(item)
  if kind == 'string' then return quote(item) end
  if kind == 'number' then return number(item) end
  if kind == 'boolean' then return tostring(item) end
  if kind ~= 'table' then error('the answer holds a ' .. kind .. ', which JSON cannot express', 0) end
  if depth > 100 then error('the answer is nested too deeply, or holds itself', 0) end
  local first = next(item)
  if first == nil then
    if lists[item] then return '[]' end
    return objects[item] and '{}' or '{"\\u0000":0}'
  end
  if type(first) == 'number' then return encodeList(item, depth) end
  return encodeObject(item, depth)
end

local function compile(text, name)
  if type(text) ~= 'string' or byte(text) == 27 then return nil, 'only source text can be loaded' end
  return load(text, name or '=(load)', 't')
end

-- What Lua 5.1, for which the scripts are written, has and 5.2 has not.
local function restore()
  _G.unpack = unpack
  function table.getn(t) return #t end
  function table.maxn(t)
    local last = 0
    for key in pairs(t) do if type(key) == 'number' and key > last then last = key end end
    return last
  end
  string.gfind = string.gmatch
  math.mod = math.fmod
  math.pow = function(x, y) return x ^ y end
  math.log10 = function(x) return math.log(x, 10) end
end

local function close(openLibs)
  local os = os
  local safe = { time = os.time, date = os.date }
  if openLibs then
    safe.clock, safe.difftime = os.clock, os.difftime
  else
    getmetatable('').__index = nil
    string, math, coroutine = nil, nil, nil
  end
  _G.os = safe
  local loaded = { os = safe, table = table, string = string, math = math, coroutine = coroutine }
  function require(name)
    return loaded[name] or error("module '" .. tostring(name) .. "' not found", 2)
  end
  io, debug, package, bit32, module, dofile, loadfile, put, run = nil
  function print() end
  function collectgarbage() return 0 end
  _G.loadstring = compile
  function _G.load(reader, name)
    if type(reader) == 'string' then return compile(reader, name) end
    local parts = {}
    for part in reader do parts[#parts + 1] = part end
    return compile(concat(parts), name)
  end
end

function run()
  local request = decode(concat(pieces))
  pieces = {}
  restore()
  close(request.openLibs)
  obj, actionParams = request.object, request.parameters
  local chunk, wrong = compile(request.script, '=<string>')
  if chunk == nil then return '{"error":' .. quote(wrong) .. '}' end
  local ok, result = pcall(chunk)
  if not ok then return '{"error":' .. quote(type(result) == 'string' and result or type(result)) .. '}' end
  local kind = type(result)
  if result == nil or kind == 'function' then return '{"type":"' .. kind .. '"}' end
  local encoded, text = pcall(encode, result, 0)
  if not encoded then return '{"error":' .. quote(tostring(text)) .. '}' end
  return '{"type":"' .. kind .. '","value":' .. text .. '}'
end
`;
