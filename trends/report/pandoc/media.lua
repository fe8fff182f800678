-- Pictures with their alternative text, and tables that scroll and align, for HTML and Typst.
-- Only the built-in renderer runs this filter.

local terms, folder = {}, ""

local function is_html() return FORMAT:match("html") ~= nil end
local function raw_block(text) return pandoc.RawBlock(is_html() and "html" or "typst", text) end
local function raw(text) return pandoc.RawInline(is_html() and "html" or "typst", text) end

local function escape(text)
  return (text:gsub("&", "&amp;"):gsub("<", "&lt;"):gsub(">", "&gt;"):gsub('"', "&quot;"))
end

local function quoted(text)
  return '"' .. text:gsub("\\", "\\\\"):gsub('"', '\\"'):gsub("\n", " ") .. '"'
end

local function term(key, default)
  return terms[key] and pandoc.utils.stringify(terms[key]) or default
end

-- pictures ----------------------------------------------------------------------------------------

local function read(path)
  local file = io.open(path, "r")
  if not file then return nil end
  local text = file:read("a")
  file:close()
  return text
end

-- the address of a picture as a path
local function path_of(src)
  return (src:gsub("%%(%x%x)", function(code) return string.char(tonumber(code, 16)) end))
end

-- the numbers of a figure and its picture, for who wants to take them away
local function downloads(path)
  local folder, name = path:match("([^/]+)/([^/]+)%.svg$")
  local data = folder and read((path:gsub("%.svg$", ".csv")))
  local link = data and '<a href="figures/' .. folder .. "/" .. name .. '.csv" download>'
    .. escape(term("figure-data", "Data (CSV)")) .. "</a> " or ""
  local function button(kind)
    return '<button type="button" data-save="' .. kind .. '" data-name="' .. escape(name or "figure") .. '">'
      .. escape(term("figure-" .. kind, "Picture (" .. kind:upper() .. ")")) .. "</button> "
  end
  return '<span class="figure-data">' .. link .. button("svg") .. button("png") .. "</span>"
end

local function html_image(image, alt)
  local path = path_of(image.src)
  local fragment = path:match("%.svg$") and read((path:gsub("%.svg$", ".fragment")))
  if not fragment then
    image.attributes["fig-alt"] = nil
    image.caption = pandoc.Inlines(pandoc.Str(alt))
    return image
  end
  return raw('<span class="figure-scroll" tabindex="0" role="img" aria-label="' .. escape(alt) .. '">'
    .. fragment:gsub("<svg", '<svg aria-hidden="true" focusable="false"') .. "</span>"
    .. downloads(path))
end

local function typst_image(image, alt)
  local src = path_of(image.src)
  if src:sub(1, 1) ~= "/" then src = folder .. "/" .. src end
  local size = ""
  for _, side in ipairs({ "width", "height" }) do
    local pixels = tonumber((image.attributes[side] or ""):match("^[%d.]+"))
    if pixels then size = size .. ", " .. side .. ": " .. pixels * 0.75 .. "pt" end
  end
  return raw("#picture(" .. quoted(src) .. ", alt: " .. quoted(alt) .. size .. ")")
end

-- Word takes points; the figure's own width is in its SVG. Pandoc writes where a picture was into the
-- file, so that it is named from its folder, which is known as a place of resources
local function word_image(image, alt)
  local path = path_of(image.src)
  local svg = path:match("%.svg$") and path:sub(1, 1) == "/" and read(path)
  if svg then
    image.src = path:match("[^/]+$"):gsub("%.svg$", ".png")
    local points = tonumber(svg:match('<svg[^>]-width="([%d.]+)pt"'))
    image.attributes.width = points and math.min(points / 72, 6.2) .. "in" or nil
  end
  image.attributes["fig-alt"] = nil
  image.caption = pandoc.Inlines(pandoc.Str(alt))
  return image
end

local function picture(image)
  local alt = image.attributes["fig-alt"] or pandoc.utils.stringify(image.caption)
  if alt == "" then
    io.stderr:write("TRENDS: the image " .. image.src .. " has no alternative text (fig-alt)\n")
    os.exit(83)
  end
  if FORMAT == "docx" then return word_image(image, alt) end
  return (is_html() and html_image or typst_image)(image, alt)
end

-- tables --------------------------------------------------------------------------------------------

local NUMBER = "^[%s%(%[<>≈~+−%-]*[%d][%d%s,%.%%%)%]–−%-/×]*$"

local function looks_numeric(text)
  return text == "" or text == "–" or text == "—" or text == "NA" or text:match(NUMBER) ~= nil
end

-- columns whose every cell is a number are set flush with their digits
local function align_numbers(tbl)
  for column, spec in ipairs(tbl.colspecs) do
    local numeric, seen = true, false
    for _, body in ipairs(tbl.bodies) do
      for _, row in ipairs(body.body) do
        local cell = row.cells[column]
        local text = cell and pandoc.utils.stringify(cell.contents) or ""
        if not looks_numeric(text) then numeric = false end
        if text:match("%d") then seen = true end
      end
    end
    if spec[1] == "AlignDefault" and numeric and seen then spec[1] = "AlignRight" end
    -- widths are left to the browser and to Typst, which see the content
    tbl.colspecs[column] = { spec[1] }
  end
  return tbl
end

-- widths of columns as the page gives them, in shares of the whole
local function set_widths(tbl)
  local written = tbl.attributes["tbl-colwidths"]
  tbl.attributes["tbl-colwidths"] = nil
  if not written or written == "auto" or written == "false" or written == "False" then return end
  local widths, total = {}, 0
  for number in written:gmatch("%d+%.?%d*") do
    widths[#widths + 1] = tonumber(number)
    total = total + widths[#widths]
  end
  if #widths ~= #tbl.colspecs or total <= 0 then
    io.stderr:write("TRENDS: tbl-colwidths must give a width for each of the " .. #tbl.colspecs
      .. " columns, got " .. written .. "\n")
    os.exit(83)
  end
  for column, spec in ipairs(tbl.colspecs) do
    tbl.colspecs[column] = { spec[1], widths[column] / total }
  end
  if not is_html() then tbl.attributes["keep-widths"] = "true" end
end

local n_tables = 0

-- what a reader hears of the region that scrolls: the table's caption, or a numbered name
local function name_of(tbl)
  local caption = tbl.attributes["caption-id"]
  tbl.attributes["caption-id"] = nil
  if caption then return 'aria-labelledby="' .. caption .. '"' end
  n_tables = n_tables + 1
  return 'aria-label="' .. escape(term("table-region", "Table, scrolls sideways")) .. " " .. n_tables .. '"'
end

local function scrolled(tbl)
  align_numbers(tbl)
  set_widths(tbl)
  local name = name_of(tbl)
  if not is_html() then return tbl end
  return { raw_block('<div class="table-scroll" tabindex="0" role="region" ' .. name .. ">"), tbl,
    raw_block("</div>") }
end

-- What a program printed keeps its lines and may scroll, so that keys have to reach it.
local function reached(code)
  local language = code.classes[1] or "text"
  if is_html() and (language == "text" or language == "pycon") then code.attributes.tabindex = "0" end
  return code
end

local function read_meta(meta)
  terms = meta["language"] or {}
  folder = meta["page-folder"] and pandoc.utils.stringify(meta["page-folder"]) or ""
end

return {
  { Meta = read_meta },
  { Image = picture, Table = scrolled, CodeBlock = reached },
}
