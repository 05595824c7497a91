{{ landed_files(source('faa', 'files')) }}
