-- What a sending of the desk was answered: sent again because the answer was lost, it is answered the same, and done once.
CREATE TABLE desk_once (
    institution text COLLATE "C" NOT NULL,
    key uuid NOT NULL,                      -- the page's, one for each entry
    account text COLLATE "C" NOT NULL,
    sent bytea NOT NULL,                    -- who sent what: keyed hash, not the content
    answer text,                            -- numbers and ids only; null until the act is done, in the same transaction
    at timestamptz NOT NULL,
    PRIMARY KEY (institution, key)
);
