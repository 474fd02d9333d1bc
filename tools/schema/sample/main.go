// SPDX-License-Identifier: Apache-2.0

// Command sample prints a Pod in which every field is set, as Kubernetes' own library writes it;
// or, with the argument "zero", the same Pod with the zero value of each field. The unit tests hold
// the table of fields against both. Run it whenever the table is generated anew:
//
//	cd tools/schema/sample
//	go run . > ../../../tests/data/pods/every-field.json
//	go run . zero > ../../../tests/data/pods/every-zero.json
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Values for types with JSON of their own.
var samples = []any{
	resource.MustParse("1500m"),
	intstr.FromString("http"),
	metav1.NewTime(time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC)),
	metav1.FieldsV1{Raw: []byte(`{"f:spec":{}}`)},
	corev1.PodStatus{Phase: corev1.PodRunning},
}

func fill(v reflect.Value) {
	for _, sample := range samples {
		if v.Type() == reflect.TypeOf(sample) {
			v.Set(reflect.ValueOf(sample))
			return
		}
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		value := reflect.New(v.Type().Elem()).Elem()
		fill(value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("example.com/key").Convert(v.Type().Key()), value)
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32:
		v.SetInt(1<<31 - 1)
	case reflect.Int64:
		v.SetInt(-1 << 63)
	default:
		panic("a kind that Pods did not have: " + v.Kind().String())
	}
}

// zeros has a member for each field of a struct: what Go encodes when nothing was set (which
// omitempty would hide), and below structs, whether held, pointed to or listed, the same again.
func zeros(t reflect.Type, members map[string]any) map[string]any {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			zeros(f.Type, members)
			continue
		}
		inner := f.Type
		for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		isSample := false
		for _, sample := range samples {
			isSample = isSample || inner == reflect.TypeOf(sample)
		}
		switch {
		case inner == reflect.TypeOf(corev1.PodStatus{}) || inner == reflect.TypeOf(metav1.FieldsV1{}):
			members[name] = struct{}{}
		case inner.Kind() == reflect.Struct && !isSample && f.Type.Kind() == reflect.Slice:
			members[name] = []any{zeros(inner, map[string]any{})}
		case inner.Kind() == reflect.Struct && !isSample:
			members[name] = zeros(inner, map[string]any{})
		case f.Type.Kind() == reflect.Slice:
			members[name] = []any{}
		case f.Type.Kind() == reflect.Map:
			members[name] = struct{}{}
		default:
			members[name] = reflect.Zero(f.Type).Interface()
		}
	}
	return members
}

func main() {
	var pod corev1.Pod
	var result any = &pod
	fill(reflect.ValueOf(&pod).Elem())
	if len(os.Args) > 1 && os.Args[1] == "zero" {
		result = zeros(reflect.TypeOf(pod), map[string]any{})
	}
	text, err := json.Marshal(result)
	if err != nil {
		fmt.Fprintln(os.Stderr, "sample:", err)
		os.Exit(1)
	}
	fmt.Println(string(text))
}
