-- Turn the findings in a page into what their reader can use: in HTML a button whose popover tells
-- the finding, without script or network; on paper the number with a link to the numbered list of
-- findings at the end. Both engines run this filter (under Quarto: `at: post-quarto`).
--
-- Input, written by Python:  [2.42]{.finding key="claims.rate.ratio" say="Rate ratio 2.42, ..."}
--                            [294]{.figure-cited key="nyt-2025-claims-2024" say="..."}

local n_notes = 0
local numbers, listed = {}, {}
local terms, page = {}, ""

local function is_html() return FORMAT:match("html") ~= nil end

local function escape(text)
  return (text:gsub("&", "&amp;"):gsub("<", "&lt;"):gsub(">", "&gt;"):gsub('"', "&quot;"))
end

local function term(key, default)
  return terms[key] and pandoc.utils.stringify(terms[key]) or default
end

local function anchor(key) return (key:gsub("[^%w_.-]", "-")) end

local function html_note(span, key, say, cited)
  n_notes = n_notes + 1
  local id = "note-" .. n_notes .. "-" .. anchor(key)
  local where = cited and term("source-link", "See the source") or term("finding-link", "See the finding")
  local target = (cited and terms["source-page"] or terms["finding-page"])
  target = target and pandoc.utils.stringify(target) or (cited and "sources.html" or "findings.html")
  local class = cited and "finding finding-cited" or "finding"
  local made = pandoc.Inlines({ pandoc.RawInline("html", '<button type="button" class="' .. class
    .. '" popovertarget="' .. id .. '" data-key="' .. escape(key) .. '">') })
  made:extend(span.content)
  made:insert(pandoc.RawInline("html", '</button><span popover class="finding-note" role="note" id="' .. id
    .. '">' .. escape(say) .. ' <a href="' .. target .. "#" .. escape(anchor(key)) .. '">'
    .. escape(where) .. "</a></span>"))
  return made
end

local function typst_note(span, key, say, cited)
  if cited then return span.content end
  if not numbers[key] then
    listed[#listed + 1] = { key = key, say = say }
    numbers[key] = #listed
  end
  local made = pandoc.Inlines({})
  made:extend(span.content)
  made:insert(pandoc.RawInline("typst", "#super[#link(<finding-" .. anchor(key) .. ">)["
    .. numbers[key] .. "]]"))
  return made
end

local function note(span)
  local cited = span.classes:includes("figure-cited")
  if not cited and not span.classes:includes("finding") then return nil end
  local key, say = span.attributes.key, span.attributes.say
  if not key or not say then return span.content end
  return (is_html() and html_note or typst_note)(span, key, say, cited)
end

local function list_of_findings()
  local items = pandoc.List({})
  for _, entry in ipairs(listed) do
    items:insert({ pandoc.Plain({ pandoc.RawInline("typst", "#metadata(none) <finding-"
      .. anchor(entry.key) .. ">"), pandoc.Str(entry.say), pandoc.Space(),
      pandoc.Code(entry.key) }) })
  end
  return pandoc.OrderedList(items)
end

local function add_list(doc)
  if is_html() or #listed == 0 then return nil end
  local placed = false
  doc.blocks = doc.blocks:walk({ Div = function(div)
    if div.identifier == "findings-list" then
      placed = true
      return { list_of_findings() }
    end
  end })
  if not placed then
    doc.blocks:insert(pandoc.Header(1, term("findings-list-title", "Findings"),
      { id = "findings-list", class = "unnumbered" }))
    doc.blocks:insert(list_of_findings())
  end
  return doc
end

return {
  { Meta = function(meta) terms = meta["language"] or {} end },
  { Span = note },
  { Pandoc = add_list },
}
