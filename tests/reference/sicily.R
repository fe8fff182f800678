# Hospital admissions for acute coronary events around the Sicilian smoking ban: data of Lopez Bernal, Cummins and
# Gasparrini (2017), International Journal of Epidemiology 46(1):348-355, doi:10.1093/ije/dyw098.
# Run in this folder: Rscript sicily.R
suppressMessages(library(jsonlite))
sicily <- read.csv("inputs/sicily.csv")
fit <- glm(aces ~ offset(log(stdpop)) + smokban + time, quasipoisson, sicily)
table <- summary(fit)$coefficients
turn <- 2 * pi * sicily$month / 12
waves <- cbind(sin(turn), cos(turn), sin(2 * turn), cos(2 * turn))
seasonal <- summary(glm(aces ~ offset(log(stdpop)) + smokban + time + waves, quasipoisson, sicily))$coefficients
write_json(
  list(
    versions = list(R = R.version.string), estimate = unname(table[, 1]), std_error = unname(table[, 2]),
    seasonal = list(estimate = unname(seasonal[, 1]), std_error = unname(seasonal[, 2]))
  ),
  "sicily.json", auto_unbox = TRUE, digits = NA, pretty = TRUE
)
