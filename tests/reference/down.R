# Age of the mother and Down's syndrome: the example of Muggeo (2008), R News 8/1:20-25.
# Run in this folder: Rscript down.R
suppressMessages({library(segmented); library(jsonlite)})
down <- read.csv("inputs/down.csv")
line <- glm(cases / births ~ age, weight = births, family = binomial, data = down)
set.seed(1)
fit <- segmented(line, seg.Z = ~age, psi = 25)
write_json(
  list(
    versions = list(R = R.version.string, segmented = as.character(packageVersion("segmented"))),
    psi = unname(fit$psi[, "Est."]), psi_se = unname(fit$psi[, "St.Err"]),
    slopes = unname(slope(fit)$age[, "Est."]), slopes_se = unname(slope(fit)$age[, "St.Err."]),
    AIC = AIC(fit)
  ),
  "down.json", auto_unbox = TRUE, digits = NA, pretty = TRUE
)
