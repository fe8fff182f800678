-- What does the text use? First leave out what is not for this format, profile or document, then
-- list every class, attribute and raw text, for Python to compare with what is known to do
-- something. Only the built-in renderer runs this filter.

local meta, profiles = {}, {}

local function is_html() return FORMAT:match("html") ~= nil end

-- conditions ---------------------------------------------------------------------------------

local function is_format(name)
  if name == "html" then return is_html() end
  if name == "docx" or FORMAT == "docx" then return name == FORMAT end
  return (name == "typst" or name == "pdf") and not is_html()
end

local function is_set(path)
  local value = meta
  for key in path:gmatch("[^.]+") do
    if type(value) ~= "table" then return false end
    value = value[key]
  end
  if value == nil or value == false then return false end
  return value == true or pandoc.utils.stringify(value) ~= ""
end

local TESTS = { format = is_format, profile = function(name) return profiles[name] ~= nil end,
  meta = is_set }

local function matches(attributes)
  for kind, test in pairs(TESTS) do
    local wanted, unwanted = attributes["when-" .. kind], attributes["unless-" .. kind]
    if wanted and not test(wanted) then return false end
    if unwanted and test(unwanted) then return false end
  end
  return true
end

local function conditional(el)
  local hides = el.classes:includes("content-hidden")
  if not hides and not el.classes:includes("content-visible") then return nil end
  if matches(el.attributes) == hides then return {} end
  return el.content
end

-- uses ---------------------------------------------------------------------------------------

local seen = {}

local function use(element, what, name, value)
  local shown = (value or ""):gsub("[\t\n]", " ")
  local line = table.concat({ element, what, name, shown }, "\t")
  if seen[line] then return end
  seen[line] = true
  io.stderr:write("TRENDS-USES\t" .. line .. "\n")
end

local function of_attributes(element)
  return function(el)
    for _, class in ipairs(el.classes) do use(element, "class", class) end
    for name, value in pairs(el.attributes) do use(element, "attribute", name, value) end
  end
end

-- comments, the ledger and tables given as HTML are meant for every format
local function of_raw(el)
  local text = el.text:gsub("^%s+", "")
  local everywhere = text:match("^<!%-%-") or text:match('^<script type="application/json"')
    or text:match("<table") or text:match("^</?div") or text:match("^<style")
  use("Raw", "raw", el.format:gsub("^html5?$", "html"), everywhere and "everywhere" or "")
end

local collect = { RawBlock = of_raw, RawInline = of_raw }
for _, element in ipairs({ "Div", "Span", "Header", "Code", "CodeBlock", "Link", "Image", "Table" }) do
  collect[element] = of_attributes(element)
end

return {
  { Meta = function(read)
    meta = read
    local named = read["trends-profile"] and pandoc.utils.stringify(read["trends-profile"]) or ""
    for name in named:gmatch("[^,]+") do profiles[name] = true end
  end },
  { traverse = "topdown", Div = conditional, Span = conditional },
  collect,
}
