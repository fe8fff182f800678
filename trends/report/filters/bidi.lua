-- Keep signed numbers, per cents, dates, ranges and ids in one piece in right-to-left text: after an
-- Arabic letter the signs between digits turn neutral, and 2019-07-26 would print as 26-07-2019, and
-- −12% as %12−. Words in Latin letters keep their own order and are left alone. Both engines run it.

local LEFT_TO_RIGHT, END = "\u{2066}", "\u{2069}"
local is_right_to_left = false

local JOINS = {}
for _, sign in ipairs({ ".", ",", ":", "/", "–", "−", "-", "_", "%", "+", "≥", "≤", "≠", "=", "@", "#",
  "\u{200b}" }) do
  JOINS[sign] = true
end

local function isolate(run)
  local core = run:gsub("^[.,:/_]+", "")
  local lead = run:sub(1, #run - #core)
  local tail = core:match("[^%w%%]*$")
  core = core:sub(1, #core - #tail)
  if not core:find("%d") or not core:find("[^%w.,]") then return run end
  return lead .. LEFT_TO_RIGHT .. core .. END .. tail
end

local function isolated(text)
  if not is_right_to_left or text:find(LEFT_TO_RIGHT, 1, true) or not utf8.len(text) then
    return text
  end
  local made, run = {}, ""
  for _, code in utf8.codes(text) do
    local sign = utf8.char(code)
    if sign:find("^%w$") or JOINS[sign] then
      run = run .. sign
    else
      made[#made + 1] = isolate(run) .. sign
      run = ""
    end
  end
  made[#made + 1] = isolate(run)
  return table.concat(made)
end

local function text(str)
  local kept = isolated(str.text)
  if kept ~= str.text then return pandoc.Str(kept) end
end

-- English prose in an Arabic page (a citation, a licence) reads from the left as a whole, full stop
-- included; Arabic letters are two bytes that begin with D8 to DB
local function is_english(text)
  return text:find("%a%a+.*%s") ~= nil and not text:find("[\xD8-\xDB][\x80-\xBF]")
end

local function turned(block)
  block.content:insert(1, pandoc.Str(LEFT_TO_RIGHT))
  block.content:insert(pandoc.Str(END))
  return block
end

local function prose(block)
  if is_right_to_left and is_english(pandoc.utils.stringify(block)) then return turned(block) end
end

-- an entry of the list of references is in the language of what it lists
local function entry(div)
  if not is_right_to_left or not div.classes:includes("csl-entry") then return nil end
  if is_english((pandoc.utils.stringify(div):gsub("وآخرون", ""):gsub("و ", ""))) then
    div = div:walk({ Str = function(str)
      return pandoc.Str((str.text:gsub("^وآخرون", "et al"):gsub("^و$", "and")))
    end })
    return div:walk({ Para = turned, Plain = turned }), false
  end
end

-- what stands behind a finding becomes text in `findings.lua`, which runs after this filter
local function note(span)
  if not span.attributes.say then return nil end
  span.attributes.say = isolated(span.attributes.say)
  return span
end

-- Quarto writes citations and references after all filters, when nothing turns them any more
local function cited(doc)
  if quarto == nil or not is_right_to_left or doc.meta.bibliography == nil then return nil end
  local made = pandoc.utils.citeproc(doc)
  made.meta.bibliography, made.meta.references = nil, nil
  return made:walk({ Cite = function(cite)
    local ids = cite.citations:map(function(one) return one.id end)
    local named = { class = "citation", ["data-cites"] = table.concat(ids, " ") }
    return pandoc.Span(cite.content, named)
  end })
end

return {
  { Meta = function(meta)
    is_right_to_left = meta.dir ~= nil and pandoc.utils.stringify(meta.dir) == "rtl"
  end },
  { Pandoc = cited },
  { Str = text, Span = note },
  { traverse = "topdown", Div = entry, Para = prose, Plain = prose },
}
