# What comes over HTTP.
pridvor_fuzz(json RUNS 900000 LIBS base lib::llhttp lib::cjson)
pridvor_fuzz(http RUNS 165000 LIBS base lib::llhttp lib::cjson)
