-- What letters say about the house and about who signs.
ALTER TABLE account
    ADD COLUMN office_ro text,              -- "Primar": as it stands above the name; null: the role's name
    ADD COLUMN office_hu text,
    ADD COLUMN office_en text;
CREATE TABLE institution_letter (
    institution text COLLATE "C" PRIMARY KEY REFERENCES institution,
    address text NOT NULL DEFAULT '',       -- one line: street, phone, site
    arms bytea,                             -- PNG
    secretary text NOT NULL DEFAULT ''      -- who signs beside the head where a law wants it
);

ALTER TABLE document
    ADD COLUMN certified_at timestamptz,    -- of a copy: when, by whom
    ADD COLUMN certified_by text COLLATE "C",
    ADD COLUMN number text,                 -- in the book of outgoing papers
    ADD COLUMN disposed_at timestamptz;     -- its bytes are gone, by the minutes of a disposal
CREATE UNIQUE INDEX document_certified ON document (parent) WHERE kind = 'certified' AND voided_at IS NULL;

-- How much one sender brought today.
CREATE INDEX blob_sender ON blob (terminal, received_at);
