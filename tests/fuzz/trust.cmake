# Passive authentication: DER, signed messages, certificates, revocation lists, scanned zones.
pridvor_fuzz(trust_der RUNS 440000 LIBS drv ARGS -max_len=16384)
pridvor_fuzz(trust_sod RUNS 14000 LIBS drv ARGS -max_len=16384)
pridvor_fuzz(trust_x509 RUNS 450000 LIBS drv ARGS -max_len=16384)
pridvor_fuzz(trust_crl RUNS 3000000 LIBS drv ARGS -max_len=16384)
pridvor_fuzz(trust_ml RUNS 500000 LIBS drv ARGS -max_len=16384)
pridvor_fuzz(trust_find RUNS 230000 LIBS drv ARGS -max_len=16384)
