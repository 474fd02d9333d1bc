module pannier.dev/tests/programs/postgres_exporter

go 1.24.0

require github.com/prometheus-community/postgres_exporter v0.19.1
