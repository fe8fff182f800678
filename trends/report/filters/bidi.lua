-- Keep dates and ranges of digits together in right-to-left text: after an Arabic letter the signs
-- between digits turn neutral, and 2019-07-26 would print as 26-07-2019. Both engines run this filter.

local LEFT_TO_RIGHT, END = "\u{2066}", "\u{2069}"
local is_right_to_left = false

local function isolate(run)
  return run:match("%d[^%d.,]") and LEFT_TO_RIGHT .. run .. END or nil
end

local function text(str)
  if not is_right_to_left or str.text:find(LEFT_TO_RIGHT, 1, true) then return nil end
  local kept = str.text:gsub("%d[%d.,:/–−-]*%d", isolate)
  if kept ~= str.text then return pandoc.Str(kept) end
end

return {
  { Meta = function(meta)
    is_right_to_left = meta.dir ~= nil and pandoc.utils.stringify(meta.dir) == "rtl"
  end },
  { Str = text },
}
