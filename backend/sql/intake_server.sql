-- Which server this is: two connections of one name may reach two after a failover.
SELECT pg_postmaster_start_time()::text || ' ' || coalesce(inet_server_addr()::text, '')
