# Seasonal decomposition by loess (stats::stl): monthly events in Iraq 2013 to 2020, and accidental deaths in the USA.
# Run in this folder: Rscript stl.R
suppressMessages(library(jsonlite))
monthly <- read.csv("is_events_monthly_2013_2020.csv")
monthly <- monthly[monthly$country == "Iraq", ]
iraq <- ts(monthly$n_events[order(monthly$month)], start = c(2013, 1), frequency = 12)
parts <- function(x, window) as.list(as.data.frame(stl(x, s.window = window)$time.series))
write_json(
  list(
    versions = list(R = R.version.string),
    iraq = list(values = as.numeric(iraq), periodic = parts(iraq, "periodic"), thirteen = parts(iraq, 13),
                log1p_periodic = parts(log1p(iraq), "periodic")),
    deaths = list(values = as.numeric(USAccDeaths), periodic = parts(USAccDeaths, "periodic"))
  ),
  "stl.json", auto_unbox = TRUE, digits = NA, pretty = FALSE
)
