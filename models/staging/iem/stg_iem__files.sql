{{ landed_files(source('iem', 'files')) }}
