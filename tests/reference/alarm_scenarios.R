# What the methods of the R package surveillance, and two regressions, say of the last 49 weeks of simulated series:
# those of the 42 scenarios of benchmarks/alarm_scenarios.py, which hands the series over and counts.
# Rscript alarm_scenarios.R series.csv alarms.csv
#   series.csv: row per series, 624 weekly counts, no header
#   alarms.csv: row per series and method: series, method, version (of surveillance), alarms (49 digits 0 or 1; NA where the
#   method failed), seconds
#
# Levels and settings are those of Bedubourg and Le Strat (2017) where they are known: alpha = 0.01 for both Farringtons, CDC,
# EARS and the two regressions, 0.05 for Bayes (the note of their table 2). The rest is as the package has it by default, but for
# charts that need an expected count: a log-linear fit with a wave a year to the 575 weeks before, without trend (as by default)
# and with one.
suppressMessages({library(surveillance); library(MASS)})
files <- commandArgs(trailingOnly = TRUE)
series <- as.matrix(read.csv(files[1], header = FALSE))
n_weeks <- ncol(series)
watched <- (n_weeks - 48):n_weeks
before <- seq_len(n_weeks - 49)

waves <- data.frame(t = seq_len(n_weeks), cos = cos(2 * pi * seq_len(n_weeks) / 52), sin = sin(2 * pi * seq_len(n_weeks) / 52))
expected <- function(y, trend, fit = glm, ...) {
  data <- cbind(y = y, waves)[before, ]
  made <- fit(if (trend) y ~ t + cos + sin else y ~ cos + sin, data = data, ...)
  list(mu = as.numeric(predict(made, newdata = waves[watched, ], type = "response")), theta = made$theta)
}
# Counts that scatter no more than Poisson's leave glm.nb without a shape.
negative_binomial <- function(y, trend) {
  tryCatch(expected(y, trend, glm.nb), error = function(fault) c(expected(y, trend, glm, family = poisson), theta = 1e6))
}
old <- function(algorithm, ...) function(y) {
  made <- algorithm(create.disProg(seq_len(n_weeks), y, rep(0, n_weeks), freq = 52, start = c(1, 1)),
    control = list(range = watched, ...))
  as.logical(made$alarm)
}
glr <- function(poisson, trend) function(y) {
  fit <- if (poisson) expected(y, trend, glm, family = poisson()) else negative_binomial(y, trend)
  old(algo.glrnb, mu0 = fit$mu, alpha = if (poisson) 0 else 1 / fit$theta, c.ARL = 5)(y)
}
flexible <- function(y) {
  made <- farringtonFlexible(sts(y, freq = 52, start = c(1, 1)), list(range = watched, b = 5, w = 3, noPeriods = 10,
    pastWeeksNotIncluded = 26, reweight = TRUE, weightsThreshold = 2.58, trend = TRUE, pThresholdTrend = 1,
    thresholdMethod = "nbPlugin", alpha = 0.01, limit54 = c(5, 4), glmWarnings = FALSE))
  as.logical(alarms(made))
}
ears <- function(method) function(y) {
  as.logical(alarms(earsC(sts(y, freq = 52, start = c(1, 1)), list(range = watched, method = method, alpha = 0.01))))
}
# Run length of a hundred weeks, which is a level of 0.01, for a shift of one standard deviation; of the expected counts those are
# tabulated that occur, to the tenth that the chart itself rounds to.
limits <- new.env()
rogerson <- function(y) {
  mu <- round(pmax(expected(y, TRUE, glm, family = poisson)$mu, 0.1), 1)
  table <- t(sapply(unique(c(mu, round(mean(mu), 1))), function(theta) {
    key <- format(theta)
    if (is.null(limits[[key]])) limits[[key]] <- hValues(theta, ARL0 = 100, s = 1, distr = "poisson")$hValues
    limits[[key]]
  }))
  colnames(table) <- c("theta", "h", "k", "ARL", "rel.tol")
  old(algo.rogerson, theta0t = mu, s = 1, hValues = table, distribution = "poisson")(y)
}

methods <- list(
  farrington_flexible = flexible,
  farrington_original = old(algo.farrington, b = 5, w = 3, reweight = TRUE, trend = TRUE, alpha = 0.01, limit54 = c(5, 4)),
  cdc = old(algo.cdc, b = 5, m = 1, alpha = 0.01),
  rki1 = old(algo.rki1), rki2 = old(algo.rki2), rki3 = old(algo.rki3),
  bayes1 = old(algo.bayes, b = 0, w = 6, actY = TRUE, alpha = 0.05),
  bayes2 = old(algo.bayes, b = 1, w = 6, actY = TRUE, alpha = 0.05),
  bayes3 = old(algo.bayes, b = 2, w = 4, actY = FALSE, alpha = 0.05),
  ears_c1 = ears("C1"), ears_c2 = ears("C2"), ears_c3 = ears("C3"),
  cusum = old(algo.cusum), cusum_rossi = old(algo.cusum, trans = "rossi"),
  cusum_anscombe = old(algo.cusum, trans = "anscombe"),
  cusum_glm = old(algo.cusum, m = "glm"), cusum_glm_rossi = old(algo.cusum, m = "glm", trans = "rossi"),
  cusum_glm_anscombe = old(algo.cusum, m = "glm", trans = "anscombe"),
  rogerson = rogerson,
  glr_poisson = glr(TRUE, FALSE), glr_poisson_trend = glr(TRUE, TRUE),
  glr_negative_binomial = glr(FALSE, FALSE), glr_negative_binomial_trend = glr(FALSE, TRUE),
  outbreak_p = old(algo.outbreakP, k = 100, ret = "value"),
  regression_poisson = function(y) y[watched] > qpois(0.99, expected(y, TRUE, glm, family = poisson)$mu),
  regression_negative_binomial = function(y) {
    fit <- negative_binomial(y, TRUE)
    y[watched] > qnbinom(0.99, mu = fit$mu, size = fit$theta)
  }
)
version <- as.character(packageVersion("surveillance"))
rows <- lapply(seq_len(nrow(series)), function(number) {
  y <- as.numeric(series[number, ])
  do.call(rbind, lapply(names(methods), function(name) {
    began <- proc.time()
    fired <- tryCatch(suppressMessages(suppressWarnings(methods[[name]](y))), error = function(fault) {
      message(number, " ", name, ": ", conditionMessage(fault))
      NA
    })
    taken <- proc.time() - began
    # A threshold that cannot be said raises no alarm.
    said <- if (length(fired) == 49) paste(as.integer(!is.na(fired) & fired), collapse = "") else NA
    data.frame(series = number, method = name, version = version, alarms = said, seconds = sum(taken[1:2]))
  }))
})
write.csv(do.call(rbind, rows), files[2], row.names = FALSE)
