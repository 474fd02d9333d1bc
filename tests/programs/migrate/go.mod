module pannier.dev/tests/programs/migrate

go 1.25.11

require github.com/golang-migrate/migrate/v4 v4.20.1
