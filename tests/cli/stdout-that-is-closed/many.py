pod = """apiVersion: v1
kind: Pod
metadata: {name: web, labels: {inject.pannier.dev/logging: enabled}}
spec: {containers: [{name: app, image: a}]}
"""
print("---\n".join([pod] * 1000))
