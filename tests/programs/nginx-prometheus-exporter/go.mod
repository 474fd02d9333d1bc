module pannier.dev/tests/programs/nginx-prometheus-exporter

go 1.25.0

require github.com/nginx/nginx-prometheus-exporter v1.5.1
