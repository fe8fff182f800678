# Hospital admissions for acute coronary events around the Sicilian smoking ban: data of Lopez Bernal, Cummins and
# Gasparrini (2017), International Journal of Epidemiology 46(1):348-355, doi:10.1093/ije/dyw098.
# Run in this folder: Rscript sicily.R
suppressMessages(library(jsonlite))
sicily <- read.csv("inputs/sicily.csv")
fit <- glm(aces ~ offset(log(stdpop)) + smokban + time, quasipoisson, sicily)
table <- summary(fit)$coefficients
write_json(
  list(versions = list(R = R.version.string), estimate = unname(table[, 1]), std_error = unname(table[, 2])),
  "sicily.json", auto_unbox = TRUE, digits = NA, pretty = TRUE
)
