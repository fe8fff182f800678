-- Converts one text after another, so that Pandoc starts once and learns once how languages are
-- highlighted. Each line that comes in is a text with its settings; each that goes out tells what
-- `pandoc` would have made of it. What filters and Pandoc find goes to the standard error as ever.

local json = pandoc.json

local function contents(path)
  local file = assert(io.open(path, "r"))
  local text = file:read("a")
  file:close()
  return text
end

-- A filter that stops a conversion stops that one alone, and has said why.
local is_stopped = false

local function stop()
  is_stopped = true
  error("stopped")
end

local function globals(format)
  local own = { FORMAT = format, os = setmetatable({ exit = stop }, { __index = os }) }
  return setmetatable(own, { __index = _G })
end

local function converted(job)
  local reading = { columns = job.columns, abbreviations = job.abbreviations }
  local doc = pandoc.read(job.text, job.from, reading)
  -- strings of the settings are Markdown, what is given stands as it is
  local settings = pandoc.read("---\n" .. job.settings .. "\n---\n", job.from, reading).meta
  for key, value in pairs(settings) do
    if doc.meta[key] == nil then doc.meta[key] = value end
  end
  for key, value in pairs(job.given) do doc.meta[key] = value end
  for _, step in ipairs(job.steps) do
    if step == "citeproc" then
      doc = pandoc.utils.citeproc(doc)
    else
      doc = pandoc.utils.run_lua_filter(doc, step, globals(job.format))
    end
  end
  return pandoc.write(doc, job.to, {
    columns = job.columns,
    highlight_method = job.highlighting,
    html_math_method = "mathml",
    section_divs = job.sections,
    table_of_contents = job.contents,
    template = pandoc.template.compile(contents(job.template)),
    toc_depth = job.depth,
    variables = job.variables,
    wrap_text = "none",
  })
end

for line in io.lines() do
  is_stopped = false
  local is_done, made = pcall(converted, json.decode(line, false))
  local answer = {}
  if is_done then
    answer.text = made
  elseif not is_stopped then
    answer.fault = tostring(made)
  end
  io.stdout:write(json.encode(answer), "\n")
  io.stdout:flush()
end
