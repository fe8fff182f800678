-- Number sections, figures, tables and equations, caption them and resolve @fig- @tbl- @sec- @eq-
-- references, as Quarto does, for HTML and Typst. Only the built-in renderer runs this filter.

local TYPES = { fig = true, tbl = true, sec = true, eq = true }
local counts = { fig = 0, tbl = 0, eq = 0 }
local sections = { 0, 0, 0, 0, 0, 0 }
local entries = {}
local terms = {}
local settings = {}
local has_level_one = false

local function is_html() return FORMAT:match("html") ~= nil end
-- Typst numbers sections, captions and formulas itself; Word has them written
local function is_word() return FORMAT == "docx" end
local function raw(text) return pandoc.RawInline(is_html() and "html" or "typst", text) end
local function raw_block(text) return pandoc.RawBlock(is_html() and "html" or "typst", text) end
local function type_of(id) return id and id:match("^(%a+)%-") end
local function nbsp() return pandoc.Str("\u{a0}") end
local function words(text) return pandoc.Inlines(pandoc.Str(text)) end

local function term(key, default)
  return terms[key] and pandoc.utils.stringify(terms[key]) or default
end

local function stop(message)
  io.stderr:write("TRENDS: " .. message .. "\n")
  os.exit(83)
end

-- reading the settings ----------------------------------------------------------------------

local function read_settings(doc)
  terms = doc.meta["language"] or {}
  settings.number_sections = doc.meta["number-sections"] == true
  doc:walk({ Header = function(h) if h.level == 1 then has_level_one = true end end })
end

-- sections ----------------------------------------------------------------------------------

local function section_number(level)
  local parts = {}
  for i = has_level_one and 1 or 2, level do parts[#parts + 1] = tostring(sections[i]) end
  return table.concat(parts, ".")
end

local function number_heading(header)
  if header.classes:includes("unnumbered") or not settings.number_sections then
    if type_of(header.identifier) == "sec" then
      entries[header.identifier] = { type = "sec", title = header.content }
    end
    return header
  end
  for i = header.level + 1, 6 do sections[i] = 0 end
  sections[header.level] = sections[header.level] + 1
  local number = section_number(header.level)
  if type_of(header.identifier) == "sec" then
    entries[header.identifier] = { type = "sec", number = number }
  end
  if is_word() then
    header.content:insert(1, pandoc.Space())
    header.content:insert(1, pandoc.Str(number))
  elseif is_html() then
    header.attributes.number = number
    header.content:insert(1, pandoc.Space())
    header.content:insert(1, pandoc.Span(number, { class = "header-section-number" }))
  end
  return header
end

-- floats ------------------------------------------------------------------------------------

local function register(id, kind)
  counts[kind] = counts[kind] + 1
  if entries[id] then stop("the label " .. id .. " is used twice") end
  entries[id] = { type = kind, number = tostring(counts[kind]) }
  return counts[kind]
end

local function caption_lead(kind, number)
  local title = term("crossref-" .. kind .. "-title", kind == "fig" and "Figure" or "Table")
  return pandoc.Inlines({ pandoc.Span({ pandoc.Str(title), nbsp(), pandoc.Str(number .. term("crossref-title-delim", ":")) },
    { class = "float-number" }), pandoc.Space() })
end

local function html_float(id, kind, number, caption, content)
  local lead = number and caption_lead(kind, number) or pandoc.Inlines({})
  lead:extend(caption)
  local caption_id = id ~= "" and (' id="' .. id .. '-caption"') or ""
  local caption_block = pandoc.Plain(lead)
  caption_block.content:insert(1, raw("<figcaption" .. caption_id .. ">"))
  caption_block.content:insert(raw("</figcaption>"))
  local attr = id ~= "" and (' id="' .. id .. '"') or ""
  local blocks = pandoc.Blocks({ raw_block('<figure' .. attr .. ' class="float float-' .. kind .. '">') })
  if kind == "tbl" then blocks:insert(caption_block) end
  blocks:extend(content)
  if kind ~= "tbl" then blocks:insert(caption_block) end
  blocks:insert(raw_block("</figure>"))
  return blocks
end

local function typst_float(id, kind, number, caption, content)
  local title = term("crossref-" .. kind .. "-title", kind == "fig" and "Figure" or "Table")
  local opening = pandoc.Plain({ raw("#float(kind: \"" .. kind .. "\", supplement: [" .. title
    .. "], numbered: " .. (number and "true" or "false") .. ", caption: [") })
  opening.content:extend(caption)
  opening.content:insert(raw("], ["))
  local blocks = pandoc.Blocks({ opening })
  blocks:extend(content)
  blocks:insert(raw_block("])" .. (id ~= "" and (" <" .. id .. ">") or "") .. "\n"))
  return blocks
end

local function word_float(id, kind, number, caption, content)
  local lead = number and caption_lead(kind, number) or pandoc.Inlines({})
  lead:extend(caption)
  local style = kind == "tbl" and "Table Caption" or "Image Caption"
  local block = pandoc.Div({ pandoc.Para(lead) }, { id = id, ["custom-style"] = style })
  local blocks = pandoc.Blocks({})
  if kind == "tbl" then blocks:insert(block) end
  blocks:extend(content)
  if kind ~= "tbl" then blocks:insert(block) end
  return blocks
end

local function float(id, kind, caption, content)
  local number = (id ~= "" and TYPES[type_of(id)]) and tostring(register(id, kind)) or nil
  local make = is_word() and word_float or is_html() and html_float or typst_float
  return make(id, kind, number, caption, content)
end

local function blocks_to_caption(blocks)
  return pandoc.utils.blocks_to_inlines(blocks)
end

-- take the caption out of a float's blocks: our own caption div, or Quarto's last paragraph
local function split_caption(blocks)
  local content, caption = pandoc.Blocks({}), nil
  for _, block in ipairs(blocks) do
    if block.t == "Div" and block.classes:includes("float-caption") then
      caption = blocks_to_caption(block.content)
    else
      content:insert(block)
    end
  end
  if not caption and #content > 1 and content[#content].t == "Para" then
    caption = content:remove(#content).content
  end
  return content, caption or pandoc.Inlines({})
end

local function name_table(tbl, id)
  tbl.caption = { long = {} }
  if id ~= "" then tbl.attributes["caption-id"] = id .. "-caption" end
  return tbl
end

local function bare_table(content, id, widths)
  return content:walk({ Table = function(tbl)
    if widths then tbl.attributes["tbl-colwidths"] = widths end
    local made = name_table(tbl, id)
    id = "" -- one name, one region
    return made
  end })
end

local sub_position = 0
local sub_parent = nil

local function subfloat(div)
  local content, caption = split_caption(div.content)
  sub_position = sub_position + 1
  local letter = string.char(96 + sub_position)
  if div.identifier ~= "" then
    local parent = sub_parent or div.identifier:match("^(.*)%-%d+$")
    entries[div.identifier] = { type = "fig", parent = parent, letter = letter }
  end
  local lead = words("(" .. letter .. ")")
  if #caption > 0 then lead:insert(pandoc.Space()) end
  lead:extend(caption)
  if is_html() then
    local plain = pandoc.Plain(lead)
    plain.content:insert(1, raw("<figcaption>"))
    plain.content:insert(raw("</figcaption>"))
    local id = div.identifier ~= "" and (' id="' .. div.identifier .. '"') or ""
    local blocks = pandoc.Blocks({ raw_block('<figure class="subfloat"' .. id .. ">") })
    blocks:extend(content)
    blocks:insert(plain)
    blocks:insert(raw_block("</figure>"))
    return blocks
  end
  local id = div.identifier ~= "" and (" #label(\"" .. div.identifier .. "\")") or ""
  content:insert(pandoc.Plain({ raw("#subcaption["), pandoc.Span(lead), raw("]") }))
  local blocks = pandoc.Blocks({ raw_block("#block(breakable: false)[") })
  blocks:extend(content)
  blocks:insert(raw_block("]" .. id))
  return blocks
end

local function layout(content, columns)
  if is_html() then
    return pandoc.Blocks({ pandoc.Div(content, { class = "layout layout-" .. columns }) })
  end
  local blocks = pandoc.Blocks({ raw_block("#panel(" .. columns .. ", (") })
  for _, block in ipairs(content) do
    blocks:insert(raw_block("["))
    blocks:insert(block)
    blocks:insert(raw_block("],"))
  end
  blocks:insert(raw_block("))"))
  return blocks
end

local walk_floats

-- in how many columns a div sets what is in it; nil for one after another
local function columns_of(div)
  local columns, rows = div.attributes["layout-ncol"], div.attributes["layout-nrow"]
  local number = tonumber(columns or rows)
  if not columns and not rows then return nil end
  if not number or number < 1 or number > 12 then
    stop("a layout must have 1 to 12 columns or rows, got " .. (columns or rows))
  end
  return columns and math.floor(number) or math.ceil(#div.content / number)
end

-- a figure with a caption inside a figure is a part of it
local function part_of(figure)
  local caption = pandoc.Div({ pandoc.Plain(blocks_to_caption(figure.caption.long)) },
    { class = "float-caption" })
  local content = pandoc.Blocks(figure.content)
  content:insert(caption)
  return pandoc.Div(content, { id = figure.identifier, class = "subfloat" })
end

local function layout_div(div)
  local panels = pandoc.Blocks({})
  for _, block in ipairs(div.content) do
    panels:insert(pandoc.Div(walk_floats(pandoc.Blocks({ block }))))
  end
  return layout(panels, columns_of(div))
end

local function float_div(div)
  local kind = type_of(div.identifier)
  if not TYPES[kind] then kind = div.classes:includes("float-tbl") and "tbl" or "fig" end
  local columns = columns_of(div)
  local content, caption = split_caption(div.content)
  local written = div.attributes["tbl-cap"] or div.attributes["fig-cap"]
  if written then caption = words(written) end
  sub_position = 0
  -- reserve the number before any inner label is met
  local number_first = div.identifier
  if kind == "tbl" then
    content = content:walk({ Table = function(tbl)
      if #caption == 0 then caption = blocks_to_caption(tbl.caption.long) end
    end })
    content = bare_table(content, div.identifier, div.attributes["tbl-colwidths"])
  else
    sub_parent = div.identifier ~= "" and div.identifier or nil
    content = content:walk({ Figure = function(figure)
      local is_part = type_of(figure.identifier) == "fig" or #figure.caption.long > 0
      return is_part and part_of(figure) or figure.content
    end })
  end
  local outer = float(number_first, kind, caption, pandoc.Blocks({}))
  local inner
  if not columns then
    inner = walk_floats(content)
  else
    local panels = pandoc.Blocks({})
    for _, block in ipairs(content) do
      panels:insert(pandoc.Div(walk_floats(pandoc.Blocks({ block }))))
    end
    inner = layout(panels, columns)
  end
  -- `outer` was made empty: put the content where the caption leaves room for it
  local at = (is_html() and kind == "tbl") and 3 or 2
  if is_word() and kind ~= "tbl" then at = 1 end
  for i = #inner, 1, -1 do outer:insert(at, inner[i]) end
  return outer
end

local function figure_block(figure)
  local id = figure.identifier
  local caption = blocks_to_caption(figure.caption.long)
  if type_of(id) ~= "fig" then id = "" end
  return float(id, "fig", caption, figure.content)
end

local function table_block(tbl)
  local caption = blocks_to_caption(tbl.caption.long)
  local id = tbl.identifier
  local last = caption[#caption]
  local written = last and last.t == "Str" and last.text:match("^{#(tbl%-[%w_-]+)}$")
  if written then
    id = written
    caption:remove(#caption)
    if caption[#caption] and caption[#caption].t == "Space" then caption:remove(#caption) end
  end
  if type_of(id) ~= "tbl" and #caption == 0 then return nil end
  tbl.identifier = ""
  tbl = name_table(tbl, type_of(id) == "tbl" and id or "")
  return float(type_of(id) == "tbl" and id or "", "tbl", caption, pandoc.Blocks({ tbl }))
end

-- equations ---------------------------------------------------------------------------------

local function equation(math, id, alt)
  local number = register(id, "eq")
  if is_html() then
    return { pandoc.Span({ math, pandoc.Span("(" .. number .. ")", { class = "equation-number" }) },
      { id = id, class = "equation" }) }
  end
  if is_word() then
    return { pandoc.Span({ math, nbsp(), pandoc.Str("(" .. number .. ")") }, { id = id }) }
  end
  local label = pandoc.Span({ math }, { class = "numbered-equation", label = id, alt = alt or "" })
  return { label }
end

local function find_equations(para)
  local inlines = para.content
  local kept = pandoc.Inlines({})
  local i, changed = 1, false
  while i <= #inlines do
    local math = inlines[i]
    local follows = i + 1
    if inlines[follows] and inlines[follows].t == "Space" then follows = follows + 1 end
    local tag = inlines[follows]
    if math.t == "Math" and math.mathtype == "DisplayMath" and tag and tag.t == "Str"
        and tag.text:match("^{#eq%-") then
      local text = ""
      local j = follows
      while inlines[j] do
        local quoted = inlines[j].t == "Quoted"
        local piece = pandoc.utils.stringify(quoted and inlines[j].content or inlines[j])
        if quoted then piece = '"' .. piece .. '"' end
        text = text .. piece
        if piece:match("}$") then break end
        j = j + 1
      end
      local id = text:match("#(eq%-[%w_-]+)")
      kept:extend(equation(math, id, text:match('alt="([^"]*)"')))
      i, changed = j + 1, true
    else
      kept:insert(math)
      i = i + 1
    end
  end
  if changed then
    para.content = kept
    return para
  end
end

-- one walk in document order ------------------------------------------------------------------

walk_floats = function(blocks)
  return blocks:walk({
    traverse = "topdown",
    Header = number_heading,
    Figure = function(figure) return figure_block(figure), false end,
    Table = function(tbl)
      local made = table_block(tbl)
      if made then return made, false end
    end,
    Para = find_equations,
    Div = function(div)
      local kind = type_of(div.identifier)
      if div.classes:includes("subfloat") then return subfloat(div), false end
      if kind == "fig" or kind == "tbl" or div.classes:includes("float") then
        return float_div(div), false
      end
      if columns_of(div) then return layout_div(div), false end
    end,
  })
end

-- references ----------------------------------------------------------------------------------

local DEFAULT_PREFIX = { fig = "Figure", tbl = "Table", sec = "Section", eq = "Equation" }

local function reference_text(citation, kind, entry)
  local text = pandoc.Inlines({})
  if #citation.prefix > 0 then
    text:extend(citation.prefix)
    text:insert(nbsp())
  elseif citation.mode ~= "SuppressAuthor" then
    text:extend(words(term("crossref-" .. kind .. "-prefix", DEFAULT_PREFIX[kind])))
    text:insert(nbsp())
  end
  if entry.parent then
    text:insert(pandoc.Str(entries[entry.parent].number .. " (" .. entry.letter .. ")"))
  elseif entry.number then
    text:insert(pandoc.Str(kind == "eq" and "(" .. entry.number .. ")" or entry.number))
  else
    text = entry.title
  end
  return text
end

local function resolve(cite)
  local made = pandoc.Inlines({})
  for i, citation in ipairs(cite.citations) do
    local id = citation.id:sub(1, 1):lower() .. citation.id:sub(2)
    local kind = type_of(id)
    if not TYPES[kind] then return nil end
    if not entries[id] then stop("the reference @" .. citation.id .. " points at nothing") end
    if i > 1 then made:extend({ pandoc.Str(","), pandoc.Space() }) end
    made:insert(pandoc.Link(reference_text(citation, kind, entries[id]), "#" .. id, "",
      { class = "quarto-xref" }))
  end
  return made
end

-- `word@fig-x` is an address to Pandoc, not a reference: say so rather than print it
local function check_written(str)
  local id = str.text:match("%w@(%a%a%a?%-[%w_-]+)")
  if id and TYPES[type_of(id)] then
    stop("the reference @" .. id .. " touches the word before it; write [@" .. id .. "]")
  end
end

local function main(doc)
  read_settings(doc)
  doc.blocks = walk_floats(doc.blocks)
  doc.blocks = doc.blocks:walk({ Cite = resolve })
  doc.blocks:walk({ Str = check_written })
  return doc
end

return { { Pandoc = main } }
