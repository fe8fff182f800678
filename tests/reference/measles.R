# Yearly change of measles by district of Weser-Ems, 2001 and 2002: hhh4 of surveillance with an
# endemic part alone (a line and one wave a year) and negative binomial scatter, a district at a time.
# Run in this folder: Rscript measles.R
suppressMessages({library(surveillance); library(jsonlite)})
data("measlesWeserEms")
counts <- observed(measlesWeserEms)
write.csv(data.frame(week = seq_len(nrow(counts)), counts, check.names = FALSE),
  "inputs/measles.csv", row.names = FALSE)
fits <- list()
for (district in colnames(counts)) {
  if (sum(counts[, district] > 0) < 12) next
  fit <- hhh4(measlesWeserEms[, district], list(
    end = list(f = addSeason2formula(~ 1 + t, S = 1, period = 52)),
    ar = list(f = ~ -1), ne = list(f = ~ -1), family = "NegBin1"))
  if (!fit$convergence) next
  # t counts weeks
  fits[[district]] <- list(
    slope = unname(coef(fit)["end.t"]), std_error = unname(fit$se["end.t"]),
    overdispersion = unname(exp(-fit$coefficients["-log(overdisp)"])),
    log_likelihood = as.numeric(logLik(fit)))
}
write_json(
  list(versions = list(R = R.version.string, surveillance = as.character(packageVersion("surveillance"))),
    start = measlesWeserEms@start, fits = fits),
  "measles.json", digits = NA, auto_unbox = TRUE, pretty = TRUE)
