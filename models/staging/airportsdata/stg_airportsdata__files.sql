{{ landed_files(source('airportsdata', 'files')) }}
