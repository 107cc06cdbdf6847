-- Of the institution's next list. $1 institution
SELECT coalesce(max(n), 0) + 1 FROM disposal WHERE institution = $1
