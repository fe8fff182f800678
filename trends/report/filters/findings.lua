-- Turn the findings on a page into what their reader can use: in HTML a button whose popover tells
-- what stands behind the words, without script or network; on paper the words with a link to the
-- numbered list of findings at the end. Both engines run this filter (in Quarto: `at: post-quarto`).
--
-- Python writes   [2.42]{.finding key="claims.rate.ratio" say="Rate ratio 2.42; 95% interval ..."}
--                 [The rate rose.]{.sentence key="claims.rate.ratio" say="..."}
--                 [294]{.statement key="nyt-2025-claims-2024" say="counted by ..."}

local KINDS = { finding = true, sentence = true, statement = true }
local n_notes = 0
local numbers, listed = {}, {}
local terms = {}
local lists = true

local function is_html() return FORMAT:match("html") ~= nil end
local function is_word() return FORMAT == "docx" end

local function escape(text)
  return (text:gsub("&", "&amp;"):gsub("<", "&lt;"):gsub(">", "&gt;"):gsub('"', "&quot;"))
end

-- text as a string of Typst
local function quoted(text)
  return '"' .. text:gsub("\\", "\\\\"):gsub('"', '\\"'):gsub("\n", " ") .. '"'
end

local function term(key, default)
  return terms[key] and pandoc.utils.stringify(terms[key]) or default
end

-- the name of a finding as an id; Python's `links.anchor` makes the same
local function anchor(key) return (key:gsub("[^%w_.-]", "-")) end

local function kind_of(span)
  for _, class in ipairs(span.classes) do
    if KINDS[class] then return class end
  end
end

local function html(text) return pandoc.RawInline("html", text) end

local function popover(id, key, say, kind)
  local words = kind == "statement" and term("source-link", "See the source")
    or term("finding-link", "See the finding")
  return html('<span popover class="finding-note" role="note" id="' .. id .. '">' .. escape(say)
    .. ' <a href="' .. term("finding-page", "findings.html") .. "#" .. escape(anchor(key)) .. '">'
    .. escape(words) .. "</a></span>")
end

local function html_note(span, key, say, kind)
  n_notes = n_notes + 1
  local id = "note-" .. n_notes
  local button = '<button type="button" popovertarget="' .. id .. '" '
  local made = pandoc.Inlines({})
  if kind == "sentence" then
    made:insert(html('<span class="sentence" data-key="' .. escape(key) .. '">'))
    made:extend(span.content)
    local grade = span.attributes.grade or "i"
    made:insert(html("</span>\u{2060}" .. button .. 'class="finding-mark" data-grade="' .. escape(grade)
      .. '" aria-label="' .. escape(grade .. ": " .. term("finding-mark", "How this is known"))
      .. '"></button>'))
  else
    made:insert(html(button .. 'class="' .. kind .. '" data-key="' .. escape(key) .. '">'))
    made:extend(span.content)
    made:insert(html("</button>"))
  end
  made:insert(popover(id, key, say, kind))
  return made
end

local function typst_note(span, key, say, kind)
  local made = pandoc.Inlines({})
  made:extend(span.content)
  if kind == "statement" then return made end
  if not lists then
    if span.attributes.grade then
      made:insert(pandoc.Superscript({ pandoc.Str(span.attributes.grade) }))
    end
    return made
  end
  if not numbers[key] then
    listed[#listed + 1] = { key = key, say = say }
    numbers[key] = #listed
  end
  local grade = span.attributes.grade and (span.attributes.grade .. " ") or ""
  made:insert(pandoc.Str("\u{2060}")) -- a mark never begins a line
  if is_word() then
    made:insert(pandoc.Superscript({ pandoc.Link(grade .. numbers[key], "#finding-" .. anchor(key)) }))
    return made
  end
  made:insert(pandoc.RawInline("typst", "#finding-mark(<finding-" .. anchor(key) .. ">, "
    .. quoted(grade .. numbers[key]) .. ")"))
  return made
end

local function note(span)
  local kind = kind_of(span)
  local key, say = span.attributes.key, span.attributes.say
  if not kind or not key or not say then return nil end
  return (is_html() and html_note or typst_note)(span, key, say, kind)
end

-- the names of the findings that a block says, in order
local function said_in(block, keys)
  pandoc.Div({ block }):walk({ Span = function(span)
    local kind = kind_of(span)
    local key = span.attributes.key
    if key and (kind == "finding" or kind == "sentence") and not keys[key] then
      keys[key] = true
      keys[#keys + 1] = key
    end
  end })
end

-- whether a block is a figure of Quarto's, which has no name yet while filters run
local function is_figure(block)
  local is_float, has_image = false, false
  pandoc.Div({ block }):walk({
    Div = function(div)
      if div.attributes["__quarto_custom_type"] == "FloatRefTarget" then is_float = true end
    end,
    Image = function() has_image = true end,
  })
  return is_float and has_image
end

-- how many figures a block opens, less those it closes; the built-in engine writes them as HTML
local function opened(block)
  if block.t ~= "RawBlock" then return 0 end
  local _, begun = block.text:gsub("<figure[ >]", "")
  local _, ended = block.text:gsub("</figure>", "")
  return begun - ended
end

-- Under a figure: the findings said since the heading or figure before it, and how to cite the page.
local function under_figure(keys)
  local links = pandoc.List({})
  for _, key in ipairs(keys) do
    links:insert('<a href="' .. term("finding-page", "findings.html") .. "#" .. escape(anchor(key)) .. '"><code>'
      .. escape(key) .. "</code></a>")
  end
  local list = #links > 0 and '<span class="figure-findings">' .. escape(term("figure-findings", "Findings:")) .. " "
    .. table.concat(links, " ") .. "</span> " or ""
  return pandoc.RawBlock("html", '<p class="figure-foot">' .. list .. '<a href="#edition">'
    .. escape(term("figure-cite", "Cite")) .. "</a></p>")
end

local function name_findings(doc)
  if not is_html() then return nil end
  local keys, made, depth, is_named = {}, pandoc.Blocks({}), 0, false
  for _, block in ipairs(doc.blocks) do
    made:insert(block)
    if depth == 0 then
      is_named = block.t == "RawBlock" and block.text:match('^<figure id="fig%-') ~= nil or is_figure(block)
    end
    depth = depth + opened(block)
    if depth == 0 and is_named then
      made:insert(under_figure(keys))
      keys, is_named = {}, false
    elseif block.t == "Header" then
      keys = {}
    elseif depth == 0 then
      said_in(block, keys)
    end
  end
  doc.blocks = made
  return doc
end

local function list_of_findings()
  local items = pandoc.List({})
  for _, entry in ipairs(listed) do
    if is_word() then
      local key = pandoc.Span({ pandoc.Code(entry.key) }, { id = "finding-" .. anchor(entry.key) })
      items:insert({ pandoc.Plain({ pandoc.Str(entry.say), pandoc.Space(), key }) })
    else
    items:insert({ pandoc.Plain({ pandoc.Str(entry.say), pandoc.Space(), pandoc.RawInline("typst",
      "#finding-key(" .. quoted(entry.key) .. ") <finding-" .. anchor(entry.key) .. ">") }) })
    end
  end
  return pandoc.OrderedList(items)
end

-- where the list of references begins, its heading included; the end where there is none
local function references_at(blocks)
  for place, block in ipairs(blocks) do
    if block.t == "Div" and block.identifier == "refs" then
      local before = blocks[place - 1]
      return before and before.t == "Header" and place - 1 or place
    end
  end
  return #blocks + 1
end

local function add_list(doc)
  if is_html() or #listed == 0 then return nil end
  local definitions = pandoc.RawBlock("typst", "#let finding-mark(target, number) = "
    .. "super(link(target)[#number])\n#let finding-key(key) = text(size: 0.85em, raw(key))")
  doc.blocks:insert(1, definitions)
  local at = references_at(doc.blocks)
  doc.blocks:insert(at, pandoc.Header(1, term("findings-list-title", "Findings"),
    { id = "findings-list", class = "unnumbered" }))
  doc.blocks:insert(at + 1, list_of_findings())
  return doc
end

-- A range is never parted at the end of a line, as `paper.lua` has it on paper.
local JOINED = "\u{2060}"
local function range(str)
  if not is_html() then return nil end
  local joined = str.text:gsub("(%d)–(%d)", "%1" .. JOINED .. "–" .. JOINED .. "%2")
  if joined ~= str.text then return pandoc.Str(joined) end
end

return {
  { Meta = function(meta)
    lists = meta["findings-list"] ~= false
    terms = meta["language"] or {}
    for key, words in pairs(meta["finding-words"] or {}) do terms[key] = words end
  end },
  { Pandoc = name_findings },
  { Str = range },
  { Span = note },
  { Pandoc = add_list },
}
