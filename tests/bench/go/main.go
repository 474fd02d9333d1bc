// SPDX-License-Identifier: Apache-2.0

// A mutating webhook as Go programs do it: the review and the Pod are decoded into their types, the
// Pod is changed, encoded again, and the patch is the difference of both texts. It adds to every Pod
// what a file says, so that it has as much to add as pannier in the same measurement.
//
//	webhook CERT KEY ADDITION
//
// Listens on a free port of 127.0.0.1 and prints it. Ends when its standard input does.
package main

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"

	"gomodules.xyz/jsonpatch/v2"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
)

// addition is what every Pod gets. Mounts are for the Pod's own containers.
type addition struct {
	Annotations    map[string]string    `json:"annotations"`
	InitContainers []corev1.Container   `json:"initContainers"`
	Volumes        []corev1.Volume      `json:"volumes"`
	VolumeMounts   []corev1.VolumeMount `json:"volumeMounts"`
}

type webhook struct {
	decoder runtime.Decoder
	added   addition
}

func (w *webhook) addTo(pod *corev1.Pod) {
	if pod.Annotations == nil {
		pod.Annotations = map[string]string{}
	}
	for key, value := range w.added.Annotations {
		pod.Annotations[key] = value
	}
	for i := range pod.Spec.Containers {
		container := &pod.Spec.Containers[i]
		container.VolumeMounts = append(container.VolumeMounts, w.added.VolumeMounts...)
	}
	pod.Spec.InitContainers = append(pod.Spec.InitContainers, w.added.InitContainers...)
	pod.Spec.Volumes = append(pod.Spec.Volumes, w.added.Volumes...)
}

func (w *webhook) answer(request *admissionv1.AdmissionRequest) (*admissionv1.AdmissionResponse, error) {
	pod := &corev1.Pod{}
	if _, _, err := w.decoder.Decode(request.Object.Raw, nil, pod); err != nil {
		return nil, err
	}
	w.addTo(pod)
	changed, err := json.Marshal(pod)
	if err != nil {
		return nil, err
	}
	operations, err := jsonpatch.CreatePatch(request.Object.Raw, changed)
	if err != nil {
		return nil, err
	}
	patch, err := json.Marshal(operations)
	if err != nil {
		return nil, err
	}
	kind := admissionv1.PatchTypeJSONPatch
	return &admissionv1.AdmissionResponse{UID: request.UID, Allowed: true, Patch: patch, PatchType: &kind}, nil
}

func (w *webhook) ServeHTTP(out http.ResponseWriter, in *http.Request) {
	review := &admissionv1.AdmissionReview{}
	body, err := io.ReadAll(in.Body)
	if err == nil {
		_, _, err = w.decoder.Decode(body, nil, review)
	}
	if err == nil && review.Request == nil {
		err = fmt.Errorf("a review without a request")
	}
	if err == nil {
		review.Response, err = w.answer(review.Request)
	}
	if err != nil {
		http.Error(out, err.Error(), http.StatusBadRequest)
		return
	}
	review.Request = nil
	out.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(out).Encode(review); err != nil {
		log.Print(err)
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	if len(os.Args) != 4 {
		log.Fatal("webhook CERT KEY ADDITION")
	}
	scheme := runtime.NewScheme()
	utilruntime.Must(admissionv1.AddToScheme(scheme))
	utilruntime.Must(corev1.AddToScheme(scheme))
	hook := &webhook{decoder: serializer.NewCodecFactory(scheme).UniversalDeserializer()}
	text, err := os.ReadFile(os.Args[3])
	check(err)
	check(json.Unmarshal(text, &hook.added))
	pair, err := tls.LoadX509KeyPair(os.Args[1], os.Args[2])
	check(err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	mux := http.NewServeMux()
	mux.Handle("POST /mutate", hook)
	server := &http.Server{
		Handler:   mux,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"}},
	}
	go func() { check(server.ServeTLS(listener, "", "")) }()
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	_, err = io.Copy(io.Discard, os.Stdin)
	check(err)
}
