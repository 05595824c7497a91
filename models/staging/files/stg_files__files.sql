{{ landed_files(source('files', 'files')) }}
