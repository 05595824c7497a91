{{ landed_rejects(source('nycflights13', 'rejects')) }}
