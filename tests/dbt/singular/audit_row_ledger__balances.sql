-- Every row is accounted for: what landing counted is what staging and the marts counted, each on its own.
with ledger as (

    select * from {{ ref('audit_row_ledger') }}

)

select *
from ledger
where rows_seen <> rows_published + rows_duplicate + rows_superseded + rows_rejected + rows_kept_apart + rows_held
