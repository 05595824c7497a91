-- The columns of what is published, in their order, with their types.
select
    pg_class.relname,
    pg_attribute.attname,
    format_type(pg_attribute.atttypid, pg_attribute.atttypmod) as type_name
from pg_catalog.pg_attribute
inner join pg_catalog.pg_class on pg_class.oid = pg_attribute.attrelid
where
    pg_class.relnamespace = cast('marts' as regnamespace)
    and pg_class.relkind in ('r', 'v')
    and pg_attribute.attnum > 0
    and not pg_attribute.attisdropped
order by pg_class.relname, pg_attribute.attnum
