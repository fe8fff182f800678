# Structural breaks by least squares (strucchange): the flow of the Nile and British drivers killed or badly hurt.
# A break is the last period of the old regime. Run in this folder: Rscript breaks.R
suppressMessages({library(strucchange); library(jsonlite)})
nile <- breakpoints(Nile ~ 1)
interval <- confint(nile)$confint
drivers <- log10(UKDriverDeaths)
lagged <- ts.intersect(y = drivers, y1 = lag(drivers, -1), y12 = lag(drivers, -12))
belts <- breakpoints(y ~ y1 + y12, data = window(lagged, start = c(1970, 1)), h = 0.1)
write_json(
  list(
    versions = list(R = R.version.string, strucchange = as.character(packageVersion("strucchange"))),
    nile = list(
      start = 1871, values = as.numeric(Nile),
      last_year_before = breakdates(nile), conf_low = breakdates(confint(nile))[1, 1],
      conf_high = breakdates(confint(nile))[1, 3],
      mean_before = mean(window(Nile, end = breakdates(nile))),
      mean_after = mean(window(Nile, start = breakdates(nile) + 1))
    ),
    drivers = list(start = "1969-01", values = as.numeric(UKDriverDeaths),
                   last_months_before = round(unname(breakdates(belts, breaks = 2)), 4))
  ),
  "breaks.json", auto_unbox = TRUE, digits = NA, pretty = FALSE
)
