-- The columns of what is published, in their order, with their types.
select relname, attname, format_type(atttypid, atttypmod)
from pg_catalog.pg_attribute
inner join pg_catalog.pg_class on pg_class.oid = attrelid
where relnamespace = 'marts'::regnamespace and relkind in ('r', 'v') and attnum > 0 and not attisdropped
order by relname, attnum
