-- $1 institution $2 register: the pages in their order
SELECT book_days(day), first_n, last_n, encode(hash, 'hex'), audit_us(sealed_at), day::text,
    extract(year FROM day)::int
FROM register_day WHERE institution = $1::text AND register = $2::text ORDER BY day
