-- Requests whose stored text no longer is what was signed.
SELECT request_id, institution, n FROM request WHERE sha256(convert_to(request, 'UTF8')) <> sha256
ORDER BY registered_at LIMIT 100
