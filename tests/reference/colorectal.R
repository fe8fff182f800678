# Colorectal cancer rates 1975-2009 (SEER), joins at observed years: every set with two or more years before the
# first join and between joins, the least weighted squares of the log rates (weights (rate / se)^2).
# Run in this folder: Rscript colorectal.R
suppressMessages(library(jsonlite))
rates <- read.csv("inputs/colorectal.csv")
best <- function(rows, k) {
  time <- rows$year - 1975
  root <- rows$rate / rows$se
  response <- log(rows$rate) * root
  sets <- combn(2:32, k)
  if (k > 1) sets <- sets[, apply(diff(sets) >= 3, 2, all), drop = FALSE]
  squares <- apply(sets, 2, function(joins) {
    hinges <- sapply(joins, function(join) pmax(time - join, 0))
    sum(lm.fit(cbind(1, time, hinges) * root, response)$residuals^2)
  })
  list(joins = 1975 + sets[, which.min(squares)], squares = min(squares))
}
write_json(
  c(list(versions = list(R = R.version.string)),
    lapply(split(rates, rates$sex), function(rows) lapply(1:3, function(k) best(rows, k)))),
  "colorectal.json", auto_unbox = TRUE, digits = NA, pretty = TRUE
)
