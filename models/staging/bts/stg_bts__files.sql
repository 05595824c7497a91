{{ landed_files(source('bts', 'files')) }}
