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
  return pandoc.Blocks({ raw_block(open), line, pandoc.Div(div.content, { class = "callout-body" }),
    raw_block(close) })
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
      if FORMAT == "docx" then
        div.content:insert(1, pandoc.Para({ pandoc.Strong(title) }))
        return pandoc.BlockQuote(div.content)
      end
      return (is_html() and html_callout or typst_callout)(div, kind, title)
    end
  end
end

-- code --------------------------------------------------------------------------------------------

local function code_fold(div)
  if not is_html() then return div.content end
  local open = div.attributes.open and " open" or ""
  local blocks = pandoc.Blocks({ raw_block('<details class="code-fold"' .. open .. "><summary>"
    .. escape(div.attributes.summary or term("code-summary", "Code")) .. "</summary>") })
  blocks:extend(div.content)
  blocks:insert(raw_block("</details>"))
  return blocks
end

-- tabs: on a page one of them is open, on paper they follow one another -------------------------

local n_tabsets = 0

local function tabs_of(div)
  local level, tabs = nil, {}
  for _, block in ipairs(div.content) do
    if block.t == "Header" and (not level or block.level <= level) then
      level = level or block.level
      tabs[#tabs + 1] = { title = block.content, id = block.identifier, content = pandoc.Blocks({}) }
    elseif #tabs == 0 then
      io.stderr:write("TRENDS: a .panel-tabset must begin with the heading of its first tab\n")
      os.exit(83)
    else
      tabs[#tabs].content:insert(block)
    end
  end
  return tabs
end

local function tabset(div)
  local blocks = pandoc.Blocks({})
  n_tabsets = n_tabsets + 1
  for number, tab in ipairs(tabs_of(div)) do
    if is_html() then
      local title = pandoc.Plain(tab.title)
      title.content:insert(1, raw("<summary>"))
      title.content:insert(raw("</summary>"))
      local id = tab.id ~= "" and ' id="' .. escape(tab.id) .. '"' or ""
      blocks:extend({ raw_block('<details class="tab" name="tabs-' .. n_tabsets .. '"' .. id
        .. (number == 1 and " open" or "") .. ">"), title, pandoc.Div(tab.content, { class = "tab-body" }), raw_block("</details>") })
    else
      blocks:insert(pandoc.Para({ pandoc.Strong(tab.title) }))
      blocks:extend(tab.content)
    end
  end
  if not is_html() then return blocks end
  blocks:insert(1, raw_block('<div class="tabs">'))
  blocks:insert(raw_block("</div>"))
  return blocks
end

-- notes in the margin -------------------------------------------------------------------------------

local function is_aside(el) return el.classes:includes("aside") or el.classes:includes("column-margin") end

local function margin_note(div)
  local blocks = pandoc.Blocks({ raw_block(is_html() and '<aside class="margin-note" role="note">'
    or "#margin-note[") })
  blocks:extend(div.content)
  blocks:insert(raw_block(is_html() and "</aside>" or "]"))
  return blocks
end

local function span(el)
  if not is_aside(el) then return nil end
  if not is_html() then return pandoc.Note({ pandoc.Plain(el.content) }) end
  local made = pandoc.Inlines({ raw('<span class="margin-note" role="note">') })
  made:extend(el.content)
  made:insert(raw("</span>"))
  return made
end

local function div(el)
  if el.classes:includes("code-fold") then return code_fold(el) end
  if el.classes:includes("panel-tabset") then return tabset(el) end
  if is_aside(el) then return margin_note(el) end
  return callout(el)
end

-- tables given as HTML, such as a DataFrame's, become tables of the document
local function html_table(block)
  if block.format ~= "html" or not block.text:match("<table") then return nil end
  -- Quarto's own word for a table that stays as it is
  if block.text:match('data%-quarto%-disable%-processing="true"') then return nil end
  local text = block.text:gsub("<style.-</style>", "")
  return pandoc.read(text, "html").blocks
end

return {
  { Meta = function(meta) terms = meta["language"] or {} end },
  { RawBlock = html_table },
  { Div = div, Span = span },
}
