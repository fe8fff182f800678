-- What PDF/UA-1 asks and Pandoc's Typst writer leaves out: alternative text for mathematics; tables
-- that fit the paper; and links between pages, which on paper point into the one document: to the
-- anchor they name, or to the heading labelled `x` or `sec-page-x` for the page `x.qmd`. Both
-- engines run this filter.

if not FORMAT:match("typst") then return {} end

local labels = {}
local is_right_to_left = false
local LEFT_TO_RIGHT, END = "\u{2066}", "\u{2069}" -- as `bidi.lua` sets them
local FLIPPED = { AlignLeft = "AlignRight", AlignDefault = "AlignRight", AlignRight = "AlignLeft" }

local function quoted(text)
  return '"' .. text:gsub("\\", "\\\\"):gsub('"', '\\"'):gsub("\n", " ") .. '"'
end

local function typst_of(math)
  local plain = pandoc.write(pandoc.Pandoc({ pandoc.Plain({ math }) }), "typst")
  return (plain:gsub("%s+$", ""):gsub("^%$", ""):gsub("%$$", ""))
end

local function equation(math, alt)
  local display = math.mathtype == "DisplayMath"
  return pandoc.RawInline("typst", "#math.equation(block: " .. tostring(display) .. ", alt: "
    .. quoted(alt or math.text) .. ", $" .. typst_of(math) .. "$)")
end

local function numbered(span)
  if not span.classes:includes("numbered-equation") then return nil end
  local math = span.content[1]
  local alt = span.attributes.alt ~= "" and span.attributes.alt or math.text
  return pandoc.RawInline("typst", "#math.equation(block: true, numbering: \"(1)\", alt: "
    .. quoted(alt) .. ", $" .. typst_of(math) .. "$) <" .. span.attributes.label .. ">")
end

local function collect(doc)
  local function keep(el)
    if el.identifier ~= "" then labels[el.identifier] = true end
    if el.attributes.label then labels[el.attributes.label] = true end
  end
  local function keep_raw(el)
    for label in el.text:gmatch("<([%w_.-]+)>") do labels[label] = true end
    for label in el.text:gmatch('#label%("([%w_.-]+)"%)') do labels[label] = true end
  end
  doc:walk({ Header = keep, Div = keep, Span = keep, RawBlock = keep_raw, RawInline = keep_raw })
end

local function link(el)
  local target = el.target
  if target:match("^%a[%w+.-]*:") then return nil end
  local id = target:match("#(.+)$")
  local stem = target:match("([%w_-]+)%.qmd") or target:match("([%w_-]+)%.html")
  for _, label in ipairs({ id or "", stem or "", "sec-page-" .. (stem or "") }) do
    if labels[label] then
      el.target = "#" .. label
      return el
    end
  end
  return el.content
end

-- The width of a column is left to Typst, which sees the content, unless the page gives it; paper knows left and right where
-- HTML knows start and end; and a long id may break after a hyphen.
local function columns(tbl)
  local keeps = tbl.attributes["keep-widths"] ~= nil
  tbl.attributes["keep-widths"] = nil
  for number, spec in ipairs(tbl.colspecs) do
    tbl.colspecs[number] = { is_right_to_left and FLIPPED[spec[1]] or spec[1], keeps and spec[2] or nil }
  end
  return tbl:walk({ Str = function(str)
    local bare = str.text:gsub(LEFT_TO_RIGHT, ""):gsub(END, "")
    if #bare > 12 and bare:find("%a[%w_]*%-%w") and not bare:find("/") then
      return pandoc.Str((str.text:gsub("%-(%w)", "-\u{200b}%1")))
    end
    if bare:find("^doi:") then return pandoc.Str((str.text:gsub("/", "/\u{200b}"))) end
  end })
end

-- The content of a division of a class, between what Typst is told before and after it.
local function wrapped(div, class, before, after)
  if not div.classes:includes(class) then return nil end
  local blocks = pandoc.Blocks({ pandoc.RawBlock("typst", before) })
  blocks:extend(div.content)
  blocks:insert(pandoc.RawBlock("typst", after))
  return blocks
end

-- What stands on the cover is handed to the template, which finds it by its label.
local function cover(div)
  return wrapped(div, "cover", "#metadata([", "]) <trends-cover>")
end

-- A range or a date is never parted at the end of a line.
local JOINED = "\u{2060}"
local function range(str)
  if str.text:find("[%a/]") then return nil end
  local joined = str.text:gsub("(%d)%-(%d)", "%1" .. JOINED .. "-" .. JOINED .. "%2")
  joined = joined:gsub("(%d)–(%d)", "%1" .. JOINED .. "–" .. JOINED .. "%2")
  if joined ~= str.text then return pandoc.Str(joined) end
end

-- The headline of a figure stays with the figure.
local function headline(div)
  return wrapped(div, "headline", '#block(sticky: true, below: 0.4em, text(weight: "semibold")[', "])")
end

return {
  { Meta = function(meta)
    is_right_to_left = meta.dir ~= nil and pandoc.utils.stringify(meta.dir) == "rtl"
  end },
  { Pandoc = function(doc) collect(doc) end },
  { Table = columns },
  { Str = range },
  { Link = link },
  { Span = numbered },
  { Div = function(div) return cover(div) or headline(div) end },
  { Math = function(math) return equation(math) end },
}
