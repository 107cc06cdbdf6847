-- Words of person and subject by prefix. Each word stands alone, for who looks over many institutions, and behind its
-- institution, for a clerk: then only the words of that house are read. At a million rows trigrams needed twice the
-- room and three times the time.
CREATE FUNCTION book_words(institution text, folded text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
    SELECT array_to_tsvector(coalesce(array_agg(DISTINCT w.word), '{}'))
    FROM unnest(string_to_array(folded, ' ')) AS x, LATERAL (VALUES (left(x, 60)), (institution || '/' || left(x, 60)))
        AS w (word)
    WHERE x <> ''
$$;
CREATE INDEX casefile_words ON casefile USING gin (book_words(institution, folded))
    WITH (gin_pending_list_limit = 256);
