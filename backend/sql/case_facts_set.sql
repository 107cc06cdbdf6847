-- What is settled, beside an act that did not take place. $1 case $2 facts
UPDATE casefile SET facts = $2::jsonb WHERE id = $1::uuid
