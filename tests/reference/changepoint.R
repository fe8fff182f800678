# Exact divisions of the coal-mining disasters by penalised Poisson likelihood (R package changepoint 2.3).
# A changepoint there is the last year of a segment, counted from 1. Run in this folder: Rscript changepoint.R
suppressMessages({library(changepoint); library(jsonlite)})
coal <- read.csv("inputs/coal.csv")
run <- function(method, penalty, ...) {
  fit <- cpt.meanvar(coal$n, penalty = penalty, method = method, test.stat = "Poisson", ...)
  ends <- c(cpts(fit), nrow(coal))
  starts <- c(1, head(ends, -1) + 1)
  cost <- mapply(function(from, to) {
    total <- sum(coal$n[from:to])
    if (total == 0) 0 else 2 * total * (log(to - from + 1) - log(total))
  }, starts, ends)
  list(method = method, penalty = pen.value(fit), changepoints = cpts(fit), cost = sum(cost))
}
write_json(
  list(
    versions = list(R = R.version.string, changepoint = as.character(packageVersion("changepoint"))),
    runs = list(
      run("PELT", "BIC", minseglen = 2), run("SegNeigh", "BIC", Q = 10), run("PELT", "AIC", minseglen = 2),
      run("PELT", "Hannan-Quinn", minseglen = 2), run("PELT", "Manual", pen.value = 20, minseglen = 2)
    )
  ),
  "changepoint.json", auto_unbox = TRUE, digits = NA, pretty = TRUE
)
