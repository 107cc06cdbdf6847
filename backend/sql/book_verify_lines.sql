-- Every line of $1 institution (null: all), in the order of the books. Times in microseconds, days since 1970. The last
-- six are of a line of version 2.
SELECT institution, register, year, n, 'R', audit_us(registered_at), audit_us(filed_at), book_days(filed_on),
    book_days(due), offline::text, request_id::text, receipt_code, terminal, service, service_version::text, channel, lang,
    encode(sha256, 'hex'), book_days(book_date(registered_at)), NULL::int AS corrects, NULL::int AS corrects_year,
    NULL AS salt, NULL, NULL, NULL, NULL, NULL::int
FROM request WHERE institution = coalesce($1::text, institution)
UNION ALL
SELECT institution, register, year, n, CASE WHEN salt IS NULL AND subject_sum IS NULL THEN 'E' ELSE 'E2' END, audit_us(at),
    direction, by, department, correspondent, subject, book_days(paper_on), paper_number, case_id::text, document::text,
    corrects::text, corrects_year::text, reason, book_days(book_date(at)), corrects, corrects_year, encode(salt, 'hex'),
    encode(correspondent_sum, 'hex'), encode(subject_sum, 'hex'), encode(paper_number_sum, 'hex'),
    encode(reason_sum, 'hex'), erasure
FROM register_entry WHERE institution = coalesce($1, institution)
ORDER BY 1, 2, 3, 4, 5
