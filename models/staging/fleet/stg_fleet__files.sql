{{ landed_files(source('fleet', 'files')) }}
