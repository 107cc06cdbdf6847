-- What a person wrote and signed rests sealed (backend/sealed.h). The first byte is the key's id; 0 marks text from
-- before, which registryd seals when it starts. Sealed bytes do not compress.
ALTER TABLE request
    ALTER COLUMN request TYPE bytea USING '\x00'::bytea || convert_to(request, 'UTF8'),
    ALTER COLUMN signature TYPE bytea USING '\x00'::bytea || convert_to(signature, 'UTF8');
ALTER TABLE request ALTER COLUMN request SET STORAGE EXTERNAL, ALTER COLUMN signature SET STORAGE EXTERNAL;
COMMENT ON COLUMN request.request IS 'sealed; its plain bytes are what was signed, sha256 is theirs';
COMMENT ON COLUMN request.signature IS 'sealed';
INSERT INTO settings (key, value) SELECT 'requests_to_seal', 'all' WHERE EXISTS (SELECT FROM request);
