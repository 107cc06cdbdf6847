#!/usr/bin/env bash
# A small country for the tests of passive authentication, made by openssl: card_trust_make.sh FOLDER
# FOLDER/lds and lds1 (LDSSecurityObjects for DG1 and DG2) are there already.
set -eu
cd "$1"
export CA=none
cat >ca.cnf <<EOF
[ca]
default_ca = d
[d]
database = \${ENV::CA}.db
serial = \${ENV::CA}.srl
crlnumber = \${ENV::CA}.crlnumber
new_certs_dir = .
default_md = sha256
default_crl_days = 3650
policy = p
unique_subject = no
crl_extensions = crl
[p]
countryName = optional
organizationName = optional
commonName = supplied
[crl]
authorityKeyIdentifier = keyid:always
[crl_delta]
authorityKeyIdentifier = keyid:always
2.5.29.27 = critical,DER:020101
[crl_indirect]
authorityKeyIdentifier = keyid:always
issuingDistributionPoint = critical,@indirect
[indirect]
fullname = URI:http://crl.example
indirectCRL = TRUE
[crl_users]
authorityKeyIdentifier = keyid:always
issuingDistributionPoint = critical,@users
[users]
fullname = URI:http://crl.example
onlyuser = TRUE
[crl_odd]
authorityKeyIdentifier = keyid:always
1.2.3.4 = critical,DER:0500
[csca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
[ds]
keyUsage = critical,digitalSignature
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
[bare]
subjectKeyIdentifier = none
[mls]
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,2.23.136.1.1.3
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
[odd]
keyUsage = critical,digitalSignature
authorityKeyIdentifier = keyid:always
nameConstraints = critical,permitted;DNS:example
[req]
distinguished_name = dn
prompt = no
[dn]
EOF
rsa() { openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:"$2" -out "$1.key" 2>/dev/null; }
ec() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:"$2" -pkeyopt ec_param_enc:"${3:-named_curve}" -out "$1.key"; }
csr() { openssl req -new -config ca.cnf -key "$1.key" -subj "$2" -out "$1.csr"; }
ca() { : >"$1.db"; echo "$2" >"$1.srl"; echo 01 >"$1.crlnumber"; }
# sign CA NAME EXTENSIONS FROM TO [options]; NAME.csr -> NAME.cer
sign() {
    local c=$1 n=$2 x=$3 from=$4 to=$5
    shift 5
    [ "${1:-}" = -selfsign ] || set -- -cert "$c.pem"
    CA=$c openssl ca -batch -notext -config ca.cnf -keyfile "$c.key" -in "$n.csr" -extensions "$x" \
        -startdate "$from" -enddate "$to" "$@" -out "$n.pem" 2>/dev/null
    openssl x509 -in "$n.pem" -outform DER -out "$n.cer"
}
A=20200101000000Z B=20350101000000Z

ec csca secp384r1; ca csca 1001
csr csca '/C=RO/O=DGP/CN=CSCA Test'; sign csca csca csca $A $B -selfsign
rsa other 2048; ca other 2001
csr other '/C=RO/O=DGP/CN=CSCA Test'; sign other other csca $A $B -selfsign
# the next key of csca: its own certificate, and the link under the old key; the name in small letters
ec next brainpoolP256r1; ca next 3001
csr next '/C=ro/O=DGP/CN=CSCA  test'; sign csca next csca $A $B; cp next.cer link.cer
sign next next csca $A $B -selfsign
# a key that signs with PSS only, and one that has expired
openssl genpkey -quiet -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out pssca.key 2>/dev/null; ca pssca 4001
csr pssca '/C=RO/CN=CSCA PSS'; sign pssca pssca csca $A $B -selfsign
ec old prime256v1; ca old 5001
csr old '/C=RO/CN=CSCA Old'; sign old old csca 20100101000000Z 20200601000000Z -selfsign

signer() { # signer NAME CA [EXTENSIONS FROM TO]
    csr "$1" "/C=RO/O=DGP/CN=Document Signer $1"
    sign "$2" "$1" "${3:-ds}" "${4:-$A}" "${5:-$B}"
}
rsa r2048 2048; signer r2048 csca
rsa r3072 3072; signer r3072 pssca
rsa r2049 2049; signer r2049 csca # PSS: the block is a byte shorter than the key
for c in prime192v1 secp224r1 prime256v1 secp384r1 secp521r1 brainpoolP192r1 brainpoolP224r1 brainpoolP256r1 \
    brainpoolP320r1 brainpoolP384r1 brainpoolP512r1; do
    ec "e-$c" $c; signer "e-$c" csca
    ec "x-$c" $c explicit; signer "x-$c" csca
done
for n in late:ds:20190101000000Z:20260101000000Z early:ds:20270101000000Z:$B bare:bare:$A:$B mls:mls:$A:$B \
    odd:odd:$A:$B revoked:ds:$A:$B; do
    IFS=: read -r name x from to <<<"$n"
    ec "$name" prime256v1; signer "$name" csca "$x" "$from" "$to"
done
ec under-next prime256v1; signer under-next next
ec under-old prime256v1; signer under-old old
ec stray prime256v1; signer stray other

# a bit of a certificate's signature
perl -0777 -pe 'substr($_, -1) = chr(ord(substr($_, -1)) ^ 1)' e-prime256v1.cer >forged.cer
openssl x509 -inform DER -in forged.cer -out forged.pem; cp e-prime256v1.key forged.key

# revocation
CA=csca openssl ca -config ca.cnf -keyfile csca.key -cert csca.pem -revoke revoked.pem 2>/dev/null
CA=csca openssl ca -config ca.cnf -keyfile csca.key -cert csca.pem -gencrl -out csca.crl.pem 2>/dev/null
openssl crl -in csca.crl.pem -outform DER -out csca.crl
for x in delta indirect users odd; do
    CA=csca openssl ca -config ca.cnf -keyfile csca.key -cert csca.pem -gencrl -crlexts crl_$x 2>/dev/null |
        openssl crl -outform DER -out $x.crl
done
cp csca.db other.db
CA=other openssl ca -config ca.cnf -keyfile other.key -cert other.pem -gencrl -out o.crl.pem 2>/dev/null
openssl crl -in o.crl.pem -outform DER -out forged.crl # the same name, another key

# sod OUT SIGNER DIGEST [options]
sod() {
    local out=$1 by=$2 md=$3
    shift 3
    openssl cms -sign -binary -nodetach -nosmimecap -in "${LDS:-lds}" -signer "$by.pem" -inkey "$by.key" -md "$md" \
        -econtent_type 2.23.136.1.1.1 -outform DER -out "$out.cms" "$@"
}
for h in sha1 sha224 sha256 sha384 sha512; do
    sod "rsa-$h" r2048 $h
    sod "pss-$h" r3072 $h -keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:digest
done
sod pss-mgf1-sha1 r2048 sha256 -keyopt rsa_padding_mode:pss -keyopt rsa_mgf1_md:sha1 -keyopt rsa_pss_saltlen:20
sod pss-mgf1-sha512 r2048 sha256 -keyopt rsa_padding_mode:pss -keyopt rsa_mgf1_md:sha512 -keyopt rsa_pss_saltlen:11
sod pss-salt-0 r2048 sha256 -keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:0
sod pss-2049 r2049 sha256 -keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:digest
sod rsa-2049 r2049 sha256
sod pss-salt-max r2048 sha256 -keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:max
for c in prime192v1 secp224r1 prime256v1 secp384r1 secp521r1 brainpoolP192r1 brainpoolP224r1 brainpoolP256r1 \
    brainpoolP320r1 brainpoolP384r1 brainpoolP512r1; do
    sod "ec-$c" "e-$c" sha256
    sod "ex-$c" "x-$c" sha384
done
sod ec-long e-prime256v1 sha512
sod ec-short e-secp521r1 sha1
LDS=lds1 sod lds1 e-prime256v1 sha256
sod bare-attributes e-prime256v1 sha256 -noattr
sod rsa-bare r2048 sha256 -noattr
sod by-key e-prime256v1 sha256 -keyid
sod apart e-prime256v1 sha256 -nocerts
sod indefinite e-prime256v1 sha256 -stream -indef
for n in late early bare mls odd revoked under-next under-old stray forged; do sod "v-$n" $n sha256; done
openssl cms -sign -binary -nodetach -in lds -signer e-prime256v1.pem -inkey e-prime256v1.key -md sha256 \
    -outform DER -out data.cms
