# Thresholds and alarms of the R package surveillance: monthly events in Iraq and Syria, January 2013 to
# December 2020, and weekly Salmonella Agona, which comes with the package.
# Run in this folder: Rscript surveillance.R
suppressMessages({library(surveillance); library(jsonlite)})
monthly <- read.csv("is_events_monthly_2013_2020.csv")
data("salmonella.agona")
write.csv(data.frame(count = as.numeric(salmonella.agona$observed)), "inputs/salmonella.csv",
  row.names = FALSE)

flexible <- function(counts, freq, range, ...) {
  control <- list(range = range, reweight = TRUE, weightsThreshold = 2.58, glmWarnings = FALSE, ...)
  made <- farringtonFlexible(sts(counts, freq = freq), control)
  list(range = range, settings = list(...), upper = as.numeric(upperbound(made)),
    alarm = as.logical(alarms(made)), expected = as.numeric(made@control$expected))
}
ears <- function(counts, method) {
  made <- earsC(sts(counts, freq = 12), control = list(method = method))
  first <- length(counts) - length(upperbound(made)) + 1
  list(range = first:length(counts), upper = as.numeric(upperbound(made)),
    alarm = as.logical(alarms(made)))
}
values <- list()
for (country in c("Iraq", "Syria")) {
  counts <- monthly$n_events[monthly$country == country]
  values[[country]] <- list(
    delta = flexible(counts, 12, 49:96, b = 3, w = 2, noPeriods = 1, pastWeeksNotIncluded = 0,
      trend = TRUE, pThresholdTrend = 1, thresholdMethod = "delta", alpha = 0.05, limit54 = c(0, 1)),
    plugin = flexible(counts, 12, 49:96, b = 3, w = 2, noPeriods = 1, pastWeeksNotIncluded = 0,
      trend = TRUE, pThresholdTrend = 1, thresholdMethod = "nbPlugin", alpha = 0.01,
      limit54 = c(0, 1)),
    no_trend = flexible(counts, 12, 49:96, b = 3, w = 2, noPeriods = 1, pastWeeksNotIncluded = 0,
      trend = FALSE, pThresholdTrend = 1, thresholdMethod = "delta", alpha = 0.05,
      limit54 = c(0, 1)),
    season = flexible(counts, 12, 49:96, b = 3, w = 2, noPeriods = 4, pastWeeksNotIncluded = 3,
      trend = TRUE, pThresholdTrend = 1, thresholdMethod = "nbPlugin", alpha = 0.01,
      limit54 = c(0, 1)),
    rare_trend = flexible(counts, 12, 49:96, b = 3, w = 2, noPeriods = 4, pastWeeksNotIncluded = 3,
      trend = TRUE, pThresholdTrend = 0.05, thresholdMethod = "delta", alpha = 0.01,
      limit54 = c(5, 4)),
    C1 = ears(counts, "C1"), C2 = ears(counts, "C2"), C3 = ears(counts, "C3")
  )
}
agona <- as.numeric(salmonella.agona$observed)
values$salmonella <- list(
  flexible = flexible(agona, 52, 252:312, b = 4, w = 3, noPeriods = 10, pastWeeksNotIncluded = 26,
    trend = TRUE, pThresholdTrend = 1, thresholdMethod = "nbPlugin", alpha = 0.01, limit54 = c(5, 4))
)
old <- algo.farrington(salmonella.agona, control = list(range = 252:312, b = 4, w = 3, alpha = 0.05,
  trend = TRUE, reweight = TRUE, powertrans = "2/3"))
values$salmonella$original <- list(range = 252:312, upper = as.numeric(old$upperbound),
  alarm = as.logical(old$alarm))
values$versions <- list(R = R.version.string, surveillance = as.character(packageVersion("surveillance")))
write_json(values, "surveillance.json", digits = NA, auto_unbox = TRUE, na = "null")
