# Lip cancer of men in 56 districts of Scotland, 1975 to 1980: observed over expected cases, raw and as
# empirical Bayes has them. Marshall's moments (spdep), Clayton and Kaldor's gamma spread by maximum
# likelihood (the negative binomial of MASS), a normal spread of log ratios whose errors are normal
# (metafor), and the same spread with Poisson counts, by quadrature.
# Run in this folder: Rscript lips.R
suppressMessages({library(spdep); library(MASS); library(metafor); library(jsonlite)})
lips <- read.csv("inputs/lips.csv")
marshall <- EBest(lips$observed, lips$expected)
gamma <- glm.nb(observed ~ 1 + offset(log(expected)), lips, control = glm.control(epsilon = 1e-12, maxit = 200))
size <- gamma$theta
mean <- unname(exp(coef(gamma)))
# Districts without a case enter with half an event on both sides, as rank_groups has it.
added <- ifelse(lips$observed == 0, 0.5, 0)
lips$effect <- log((lips$observed + added) / (lips$expected + added))
lips$std_error <- 1 / sqrt(lips$observed + added)
normal <- rma(yi = effect, sei = std_error, data = lips, method = "ML",
  control = list(threshold = 1e-12, maxiter = 1000))
shrunk <- blup(normal)
# Poisson counts about log ratios that are normal: a fine grid, for the spread and for each district.
grid <- seq(-6, 4, by = .005)
fits <- outer(lips$observed, grid) - outer(lips$expected, exp(grid))
density <- function(par) sweep(exp(fits - apply(fits, 1, max)), 2, dnorm(grid, par[1], exp(par[2])), "*")
best <- optim(c(0, -.3), function(par) -sum(log(rowSums(density(par)))), control = list(reltol = 1e-13))
posterior <- density(best$par)
posterior <- posterior / rowSums(posterior)
write_json(
  list(
    versions = list(R = R.version.string, spdep = as.character(packageVersion("spdep")),
      MASS = as.character(packageVersion("MASS")), metafor = as.character(packageVersion("metafor"))),
    effect = lips$effect, std_error = lips$std_error,
    marshall = marshall$estmm,
    gamma = list(size = size, mean = mean, ratio = (lips$observed + size) / (lips$expected + size / mean),
      low = qgamma(.025, lips$observed + size, lips$expected + size / mean),
      high = qgamma(.975, lips$observed + size, lips$expected + size / mean)),
    normal = list(centre = as.numeric(normal$beta), centre_error = normal$se, scale = sqrt(normal$tau2),
      effect = as.numeric(shrunk$pred), std_error = as.numeric(shrunk$se)),
    poisson = list(centre = best$par[1], scale = exp(best$par[2]), effect = as.numeric(posterior %*% grid))),
  "lips.json", digits = NA, auto_unbox = TRUE, pretty = TRUE)
