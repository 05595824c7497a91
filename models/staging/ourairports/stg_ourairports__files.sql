{{ landed_files(source('ourairports', 'files')) }}
