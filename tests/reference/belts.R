# People in front and rear seats of cars killed or seriously injured in Great Britain, by month of 1969 to
# 1982, before belts were compulsory: the ratio of the yearly changes. Each series by the negative binomial
# of MASS with months; the logarithm of the ratio by generalised least squares with a first-order
# autoregression (nlme), in which what moves both has gone.
# Run in this folder: Rscript belts.R
suppressMessages({library(MASS); library(nlme); library(jsonlite)})
belts <- as.data.frame(window(Seatbelts, end = c(1982, 12))[, c("front", "rear")])
belts$month <- sprintf("%d-%02d", rep(1969:1982, each = 12), rep(1:12, 14))
write.csv(belts[, c("month", "front", "rear")], "inputs/belts.csv", row.names = FALSE, quote = FALSE)
n <- nrow(belts)
belts$days <- as.integer(diff(seq(as.Date("1969-01-01"), by = "month", length.out = n + 1)))
belts$year <- (seq_len(n) - (n + 1) / 2) / 12
belts$of_year <- factor(rep(1:12, 14))
one <- function(name) {
  fit <- glm.nb(as.formula(paste(name, "~ year + of_year + offset(log(days))")), belts,
    control = glm.control(epsilon = 1e-10, maxit = 200))
  list(slope = unname(coef(fit)["year"]), std_error = summary(fit)$coefficients["year", 2])
}
ratio <- gls(log(front / rear) ~ year + of_year, belts, correlation = corAR1(form = ~ 1))
apart <- gls(log(front / rear) ~ year + of_year, belts)
write_json(
  list(versions = list(R = R.version.string, MASS = as.character(packageVersion("MASS")),
      nlme = as.character(packageVersion("nlme"))),
    front = one("front"), rear = one("rear"),
    ratio = list(difference = unname(coef(ratio)["year"]), std_error = summary(ratio)$tTable["year", 2],
      memory = unname(coef(ratio$modelStruct$corStruct, unconstrained = FALSE)),
      independent = summary(apart)$tTable["year", 2])),
  "belts.json", digits = NA, auto_unbox = TRUE, pretty = TRUE)
