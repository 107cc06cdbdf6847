-- Who vouched for rows without a MAC; how many such rows there are.
SELECT a.detail, encode(a.mac, 'hex'), audit_us(s.sealed_at), (SELECT count(*) FROM audit WHERE mac IS NULL)
FROM (SELECT) AS one LEFT JOIN audit a ON a.act = 'earlier rows vouched for' AND a.institution IS NULL
LEFT JOIN audit_seal s ON s.audit_id = a.id
ORDER BY a.id
