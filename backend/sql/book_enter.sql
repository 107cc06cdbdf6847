-- $1 institution $2 register $3 year $4 n $5 direction $6 at $7 by $8 department $9 correspondent $10 subject
-- $11 date on the paper $12 its own number $13 case $14 document $15 corrects $16 of that year $17 reason
INSERT INTO register_entry (institution, register, year, n, direction, at, by, department, correspondent, subject,
    paper_on, paper_number, case_id, document, corrects, corrects_year, reason)
VALUES ($1::text, $2::text, $3::smallint, $4::int, $5::text, $6::timestamptz, $7::text, $8::text, $9::text, $10::text,
    $11::date, $12::text, $13::uuid, $14::uuid, $15::int, $16::smallint, $17::text)
