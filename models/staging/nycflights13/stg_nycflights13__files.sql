{{ landed_files(source('nycflights13', 'files')) }}
