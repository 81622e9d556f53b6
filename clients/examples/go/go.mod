module example.test/feed

go 1.19
