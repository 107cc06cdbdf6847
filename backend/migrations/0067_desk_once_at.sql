-- What was answered at the desk is kept while a page may send it again; the oldest go first (sql/desk_once_take.sql).
CREATE INDEX desk_once_at ON desk_once (at);
