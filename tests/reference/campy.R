# Campylobacter infections in the north of Quebec in four-week periods, 1990 to 2000 (Ferland, Latour and Oraichi 2006,
# doi:10.1111/j.1467-9892.2006.00496.x), with a level shift from the 84th period on and an outbreak in the 100th: the
# intervention model of Liboschik, Fokianos and Fried (2017), Journal of Statistical Software 82(5), doi:10.18637/jss.v082.i05.
# Run in this folder: Rscript campy.R
suppressMessages({library(tscount); library(jsonlite)})
write.csv(data.frame(count = as.numeric(campy)), "inputs/campy.csv", row.names = FALSE)
covariates <- interv_covariate(n = length(campy), tau = c(84, 100), delta = c(1, 0))
values <- list()
for (link in c("identity", "log")) {
  fit <- tsglm(campy, model = list(past_obs = 1, past_mean = 13), xreg = covariates, link = link,
    distr = "nbinom")
  values[[link]] <- list(estimate = unname(coef(fit)), std_error = unname(se(fit)$se[1:5]),
    sigmasq = fit$sigmasq, log_likelihood = as.numeric(logLik(fit)))
}
values$versions <- list(R = R.version.string, tscount = as.character(packageVersion("tscount")))
write_json(values, "campy.json", digits = NA, auto_unbox = TRUE, pretty = TRUE)
