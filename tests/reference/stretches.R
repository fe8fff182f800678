# Two years of monthly events in Syria against each other, 2014 over 2017, beside levels and slopes of
# the years around them and two waves a year; and exact intervals of ratios of two Poisson rates.
# Run in this folder: Rscript stretches.R
suppressMessages({library(MASS); library(jsonlite)})
syria <- read.csv("inputs/syria.csv")
year <- 2013 + (seq_len(nrow(syria)) - 1) %/% 12
run <- cut(year, c(2012, 2013, 2014, 2016, 2017, 2020), labels = c("a", "first", "b", "second", "c"))
for (name in c("a", "b", "c")) {
  place <- ifelse(run == name, syria$t, NA)
  syria[[paste0("slope_", name)]] <- ifelse(is.na(place), 0, place - mean(place, na.rm = TRUE))
}
for (k in 1:2) {
  syria[[paste0("s", k)]] <- sin(2 * pi * k * syria$month / 12)
  syria[[paste0("c", k)]] <- cos(2 * pi * k * syria$month / 12)
}
syria$run <- run
control <- glm.control(epsilon = 1e-12, maxit = 200)
plain <- n ~ 0 + run + slope_a + slope_b + slope_c
seasonal <- n ~ 0 + run + slope_a + slope_b + slope_c + s1 + c1 + s2 + c2
log_ratio <- function(fit) unname(coef(fit)["runfirst"] - coef(fit)["runsecond"])
pairs <- list(c(294, 121, 366, 365), c(0, 5, 30, 30), c(7, 0, 10, 40), c(12, 30, 31, 28))
exact <- lapply(pairs, function(p) {
  test <- poisson.test(p[1:2], p[3:4])
  list(events = p[1:2], times = p[3:4], conf_int = unname(as.numeric(test$conf.int)))
})
write_json(
  list(
    versions = list(R = R.version.string, MASS = as.character(packageVersion("MASS"))),
    plain = log_ratio(glm.nb(plain, syria, control = control)),
    seasonal = log_ratio(glm.nb(seasonal, syria, control = control)),
    exact = exact
  ),
  "stretches.json", auto_unbox = TRUE, digits = NA, pretty = TRUE
)
