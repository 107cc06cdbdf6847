# Passive authentication: DER, signed messages, certificates, revocation lists, scanned zones.
foreach(part IN ITEMS der sod x509 crl ml find)
  pridvor_fuzz(trust_${part} LIBS drv ARGS -timeout=10 -max_len=16384)
endforeach()
