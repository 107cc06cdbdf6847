DELETE FROM settings WHERE key = 'requests_to_seal'
