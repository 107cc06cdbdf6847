-- The quick PIN that opens a locked screen again: Argon2id over a keyed hash, so that these rows alone do not tell it. It
-- opens the session that was locked and begins none.
ALTER TABLE account ADD COLUMN pin text;
ALTER TABLE login_session ADD COLUMN locked_at timestamptz, ADD COLUMN pin_wrong smallint NOT NULL DEFAULT 0;
