-- Callouts, folded code and content for one format, for HTML and Typst.
-- Only the built-in renderer runs this filter; Quarto has its own for the same constructs.

local CALLOUTS = { note = "Note", tip = "Tip", warning = "Warning", important = "Important",
  caution = "Caution" }
local terms = {}

local function is_html() return FORMAT:match("html") ~= nil end
local function raw_block(text) return pandoc.RawBlock(is_html() and "html" or "typst", text) end
local function raw(text) return pandoc.RawInline(is_html() and "html" or "typst", text) end

local function escape(text)
  return (text:gsub("&", "&amp;"):gsub("<", "&lt;"):gsub(">", "&gt;"):gsub('"', "&quot;"))
end

local function term(key, default)
  return terms[key] and pandoc.utils.stringify(terms[key]) or default
end

-- callouts --------------------------------------------------------------------------------------

local function callout_title(div, kind)
  if div.attributes.title then
    return pandoc.utils.blocks_to_inlines(pandoc.read(div.attributes.title, "markdown").blocks)
  end
  local first = div.content[1]
  if first and first.t == "Header" then
    div.content:remove(1)
    return first.content
  end
  return pandoc.Inlines(pandoc.Str(term("callout-" .. kind .. "-title", CALLOUTS[kind])))
end

local function html_callout(div, kind, title)
  local folds = div.attributes.collapse
  local line = pandoc.Plain(title)
  local class = 'class="callout callout-' .. kind .. '"'
  local id = div.identifier ~= "" and ' id="' .. div.identifier .. '"' or ""
  local open, close, before, after
  if folds then
    open = "<details " .. class .. id .. (folds == "false" and " open" or "") .. ">"
    before, after, close = '<summary class="callout-title">', "</summary>", "</details>"
  else
    open, close = '<aside role="note" ' .. class .. id .. ">", "</aside>"
    before, after = '<p class="callout-title">', "</p>"
  end
  line.content:insert(1, raw(before))
  line.content:insert(raw(after))
  local blocks = pandoc.Blocks({ raw_block(open), line, raw_block('<div class="callout-body">') })
  blocks:extend(div.content)
  blocks:extend({ raw_block("</div>"), raw_block(close) })
  return blocks
end

local function typst_callout(div, kind, title)
  local opening = pandoc.Plain({ raw('#callout-box(kind: "' .. kind .. '", title: [') })
  opening.content:extend(title)
  opening.content:insert(raw("], ["))
  local blocks = pandoc.Blocks({ opening })
  blocks:extend(div.content)
  blocks:insert(raw_block("])"))
  return blocks
end

local function callout(div)
  for _, class in ipairs(div.classes) do
    local kind = class:match("^callout%-(%a+)$")
    if kind then
      if not CALLOUTS[kind] then
        io.stderr:write("TRENDS: the callout ." .. class .. " is unknown\n")
        os.exit(83)
      end
      local title = callout_title(div, kind)
      return (is_html() and html_callout or typst_callout)(div, kind, title)
    end
  end
end

-- code --------------------------------------------------------------------------------------------

local function code_fold(div)
  if not is_html() then return div.content end
  local open = div.attributes.open and " open" or ""
  local blocks = pandoc.Blocks({ raw_block('<details class="code-fold"' .. open .. "><summary>"
    .. escape(term("code-summary", "Code")) .. "</summary>") })
  blocks:extend(div.content)
  blocks:insert(raw_block("</details>"))
  return blocks
end

-- content for one format only ---------------------------------------------------------------------

local function visible(div, shown)
  local format = div.attributes["when-format"] or div.attributes["unless-format"]
  if not format then return nil end
  local here = format == "html" and is_html() or (format == "typst" or format == "pdf") and not is_html()
  if div.attributes["unless-format"] then here = not here end
  if not shown then here = not here end
  return here and div.content or {}
end

local function div(el)
  if el.classes:includes("code-fold") then return code_fold(el) end
  if el.classes:includes("content-visible") then return visible(el, true) end
  if el.classes:includes("content-hidden") then return visible(el, false) end
  return callout(el)
end

-- tables given as HTML, such as a DataFrame's, become tables of the document
local function html_table(block)
  if block.format ~= "html" or not block.text:match("<table") then return nil end
  local text = block.text:gsub("<style.-</style>", "")
  return pandoc.read(text, "html").blocks
end

return {
  { Meta = function(meta) terms = meta["language"] or {} end },
  { RawBlock = html_table },
  { Div = div },
}
