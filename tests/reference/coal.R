# Breaks and joins of the coal-mining disasters (Jarrett 1979), one count a year.
# Run in this folder: Rscript coal.R
suppressMessages({library(strucchange); library(segmented); library(jsonlite)})
coal <- read.csv("inputs/coal.csv")

squares <- Fstats(ts(coal$n, start = 1851) ~ 1)
line <- glm(n ~ year, poisson, coal)
set.seed(1)
joins <- lapply(1:3, function(k) {
  fit <- segmented(line, seg.Z = ~year, npsi = k)
  list(psi = unname(fit$psi[, "Est."]), slopes = unname(slope(fit)$year[, "Est."]))
})
write_json(
  list(
    versions = list(R = R.version.string, strucchange = as.character(packageVersion("strucchange")),
                    segmented = as.character(packageVersion("segmented"))),
    last_year_before_the_break = as.numeric(time(squares$Fstats))[which.max(squares$Fstats)],
    joins = joins
  ),
  "coal.json", auto_unbox = TRUE, digits = NA, pretty = TRUE
)
