// SPDX-License-Identifier: Apache-2.0

// Command answers gives the cases of tests/conformance the answers of Kubernetes' own code: each
// line of the standard input is a case of pod-validation.jsonl or pod-security.jsonl, whose `pod`
// is kept and whose answer is made anew. It needs a Go toolchain and its module proxy, and is run
// by hand when cases are added or a new Kubernetes is supported.
//
//	cd tools/answers
//	go run . < ../../tests/conformance/pod-validation.jsonl > new.jsonl
//	go run . security < ../../tests/conformance/pod-security.jsonl > new.jsonl
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"sort"
	"strconv"

	v1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	podutil "k8s.io/kubernetes/pkg/api/pod"
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	corev1 "k8s.io/kubernetes/pkg/apis/core/v1"
	"k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

type fieldError struct {
	Field string `json:"field"`
	Type  string `json:"type"`
}

type validationCase struct {
	Errors []fieldError    `json:"errors"`
	Pod    json.RawMessage `json:"pod"`
}

type judgement struct {
	Allowed bool     `json:"allowed"`
	Reasons []string `json:"reasons"`
}

type securityCase struct {
	Baseline   judgement       `json:"baseline"`
	Restricted judgement       `json:"restricted"`
	Pod        json.RawMessage `json:"pod"`
}

// "REPEAT:x:262144" stands for so many x.
var repeat = regexp.MustCompile(`REPEAT:(.):([0-9]+)`)

func read(raw json.RawMessage) (*v1.Pod, error) {
	raw = repeat.ReplaceAllFunc(raw, func(found []byte) []byte {
		parts := repeat.FindSubmatch(found)
		n, _ := strconv.Atoi(string(parts[2]))
		return bytes.Repeat(parts[1], n)
	})
	pod := &v1.Pod{}
	if err := json.Unmarshal(raw, pod); err != nil {
		return nil, err
	}
	legacyscheme.Scheme.Default(pod)
	return pod, nil
}

// validate returns each field and type once, in order.
func validate(pod *v1.Pod) ([]fieldError, error) {
	var internal core.Pod
	if err := corev1.Convert_v1_Pod_To_core_Pod(pod, &internal, nil); err != nil {
		return nil, err
	}
	if internal.Namespace == "" {
		internal.Namespace = "default" // of the request
	}
	options := podutil.GetValidationOptionsFromPodSpecAndMeta(&internal.Spec, nil, &internal.ObjectMeta, nil)
	options.ResourceIsPod = true
	seen := map[fieldError]bool{}
	errors := []fieldError{}
	for _, err := range validation.ValidatePodCreate(&internal, options) {
		e := fieldError{err.Field, string(err.Type)}
		if !seen[e] {
			errors = append(errors, e)
		}
		seen[e] = true
	}
	sort.Slice(errors, func(i, j int) bool {
		a, b := errors[i], errors[j]
		return a.Field < b.Field || (a.Field == b.Field && a.Type < b.Type)
	})
	return errors, nil
}

func judge(evaluator policy.Evaluator, pod *v1.Pod, level api.Level) judgement {
	version := api.LevelVersion{Level: level, Version: api.LatestVersion()}
	result := policy.AggregateCheckResults(evaluator.EvaluatePod(version, &pod.ObjectMeta, &pod.Spec))
	return judgement{result.Allowed, result.ForbiddenReasons}
}

func answer(evaluator policy.Evaluator, line []byte, security bool) (any, error) {
	var given struct{ Pod json.RawMessage }
	if err := json.Unmarshal(line, &given); err != nil {
		return nil, err
	}
	pod, err := read(given.Pod)
	if err != nil {
		return nil, err
	}
	if security {
		return securityCase{judge(evaluator, pod, api.LevelBaseline), judge(evaluator, pod, api.LevelRestricted),
			given.Pod}, nil
	}
	errors, err := validate(pod)
	return validationCase{errors, given.Pod}, err
}

func run() error {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return err
	}
	security := len(os.Args) > 1 && os.Args[1] == "security"
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 8<<20)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for n := 1; lines.Scan(); n++ {
		result, err := answer(evaluator, lines.Bytes(), security)
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if err := out.Encode(result); err != nil {
			return err
		}
	}
	return lines.Err()
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "answers:", err)
		os.Exit(1)
	}
}
