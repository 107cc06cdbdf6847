SELECT day - date '1970-01-01' FROM holiday ORDER BY day
