module pannier.dev/tests/programs/prometheus-config-reloader

go 1.24.6

require github.com/prometheus-operator/prometheus-operator v0.85.0
