-- $1 account
SELECT full_name, coalesce(office_ro, ''), coalesce(office_hu, ''), coalesce(office_en, '') FROM account WHERE name = $1
