# Negative binomial regressions of monthly events in Syria, January 2013 (t = 0) to December 2020.
# Run in this folder: Rscript glm_nb.R
suppressMessages({library(MASS); library(sandwich); library(jsonlite)})
syria <- read.csv("inputs/syria.csv")
for (k in 1:2) {
  syria[[paste0("s", k)]] <- sin(2 * pi * k * syria$month / 12)
  syria[[paste0("c", k)]] <- cos(2 * pi * k * syria$month / 12)
}
syria$fmon <- factor(syria$month)
formulas <- list(
  trend = n ~ t,
  trend_harm1 = n ~ t + s1 + c1,
  trend_harm2 = n ~ t + s1 + c1 + s2 + c2,
  quad_harm1 = n ~ t + I(t^2) + s1 + c1,
  trend_month = n ~ t + fmon
)
fits <- lapply(formulas, function(formula) {
  fit <- glm.nb(formula, syria, control = glm.control(epsilon = 1e-12, maxit = 200))
  list(
    terms = names(coef(fit)),
    estimate = unname(coef(fit)),
    std_error = unname(sqrt(diag(vcov(fit)))),
    theta = fit$theta,
    log_likelihood = as.numeric(logLik(fit)),
    sandwich_error = unname(sqrt(diag(sandwich(fit)))),
    newey_west_error_12 = unname(sqrt(diag(NeweyWest(fit, lag = 12, prewhite = FALSE))))
  )
})
write_json(
  c(list(versions = list(R = R.version.string, MASS = as.character(packageVersion("MASS")),
                         sandwich = as.character(packageVersion("sandwich")))), fits),
  "glm_nb.json", auto_unbox = TRUE, digits = NA, pretty = TRUE
)
