"""Where the cost of a farm comes from and whose it is: allocation, estimates and royalties are pure; `reading` reads the buckets."""
