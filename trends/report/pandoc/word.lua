-- Pandoc writes every setting of a page into a Word file as a property of the document, names of folders
-- too: what the page shows of itself is left. Only the built-in renderer runs this filter.

local SHOWN = { "title", "subtitle", "author", "date", "abstract", "abstract-title", "lang", "dir",
  "description" }

function Meta(meta)
  local kept = {}
  for _, key in ipairs(SHOWN) do kept[key] = meta[key] end
  return kept
end
