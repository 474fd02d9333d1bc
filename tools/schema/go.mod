module pannier.dev/tools/schema

go 1.22
