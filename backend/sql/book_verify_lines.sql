-- Every line of $1 institution (null: all), in the order of the books. Times in microseconds, days since 1970.
SELECT institution, register, year, n, 'R', audit_us(registered_at), audit_us(filed_at), book_days(filed_on),
    book_days(due), offline::text, request_id::text, receipt_code, terminal, service, service_version::text, channel, lang,
    encode(sha256, 'hex'), book_days(book_date(registered_at)), NULL::int AS corrects, NULL::int AS corrects_year
FROM request WHERE institution = coalesce($1::text, institution)
UNION ALL
SELECT institution, register, year, n, 'E', audit_us(at), direction, by, department, correspondent, subject,
    book_days(paper_on), paper_number, case_id::text, document::text, corrects::text, corrects_year::text, reason,
    book_days(book_date(at)), corrects, corrects_year
FROM register_entry WHERE institution = coalesce($1, institution)
ORDER BY 1, 2, 3, 4, 5
