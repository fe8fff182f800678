# The exact conditional interval of the ratio of two rates: example 1 of Gu, Ng, Tang and Schucany (2008), Biometrical
# Journal 50(2):283-298. Run in this folder: Rscript rates.R
suppressMessages(library(jsonlite))
test <- poisson.test(c(60, 30), c(51477.5, 54308.7))
write_json(
  list(versions = list(R = R.version.string), counts = c(60, 30), exposures = c(51477.5, 54308.7),
       ratio = unname(test$estimate), p_value = test$p.value, conf_low = test$conf.int[1], conf_high = test$conf.int[2]),
  "rates.json", auto_unbox = TRUE, digits = NA, pretty = TRUE
)
