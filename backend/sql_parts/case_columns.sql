-- What case_row reads of a row c, in its order.
c.id, c.request_id, c.institution, c.register, c.n, c.year, c.version, c.service_version,
    (extract(epoch FROM c.registered_at) * 1000)::bigint, (extract(epoch FROM c.entered_at) * 1000)::bigint,
    (extract(epoch FROM c.closed_at) * 1000)::bigint, c.filed_on - date '1970-01-01', c.due - date '1970-01-01',
    c.late_after - date '1970-01-01', c.service, c.workflow, c.state, array_to_string(c.flags, ','), c.department,
    c.assignee, c.author, c.channel, c.subject, c.person, c.attention, c.email, c.phone, c.retention, c.lang, c.sealed,
    c.facts, c.escalated, (SELECT full_name FROM account WHERE name = c.assignee)
