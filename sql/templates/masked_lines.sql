-- Lines of a text file with their coarse masks, in the order of the file.
select line, body, {mask} as mask from batch
