# Share of one kind with scatter beyond chance (Williams 1982, method II): base R's glm, its weights
# and the scatter found in turn until the Pearson chi-square equals its degrees of freedom.
# Run in this folder: Rscript shares.R
suppressMessages(library(jsonlite))
set.seed(4)
t <- (seq_len(40) - 20.5) / 12
total <- rpois(40, 20) + 1
asked <- rbinom(40, total, rbeta(40, 6 * plogis(-0.6 + 0.4 * t), 6 * plogis(0.6 - 0.4 * t)))
control <- glm.control(epsilon = 1e-14, maxit = 100)
scatter <- 0
for (round in 1:200) {
  fit <- suppressWarnings(glm(cbind(asked, total - asked) ~ t, binomial,
                              weights = 1 / (1 + (total - 1) * scatter), control = control))
  p <- fitted(fit)
  squares <- (asked - total * p)^2 / (total * p * (1 - p))
  scatter <- uniroot(function(x) sum(squares / (1 + (total - 1) * x)) - 38, c(0, 0.99), tol = 1e-14)$root
}
write_json(
  list(versions = list(R = R.version.string), t = t, asked = asked, total = total,
       coef = unname(coef(fit)), std_errors = unname(sqrt(diag(vcov(fit)))), scatter = scatter),
  "shares.json", auto_unbox = TRUE, digits = NA, pretty = TRUE
)
