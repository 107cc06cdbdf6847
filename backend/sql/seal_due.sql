-- Whether requests from before the seals wait.
SELECT 1 FROM settings WHERE key = 'requests_to_seal'
