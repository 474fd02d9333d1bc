// SPDX-License-Identifier: Apache-2.0

// Command schema writes webhook/kube/schema_table.c: the fields of a Pod as rows of small numbers,
// read from the Go sources of Kubernetes' public API types. It needs a Go toolchain and its module
// proxy, and is run by hand when a new Kubernetes is supported; the build uses the committed file.
//
//	cd tools/schema && go run . > ../../webhook/kube/schema_table.c
package main

import (
	"bufio"
	"fmt"
	"os"
)

// newest is the Kubernetes whose Pod the table holds, oldestMinor the first that "since" is counted
// from: what it has already gets 0. In between, the first release of each minor version counts:
// fields do not appear in patch releases.
const (
	newest      = "v0.36.6"
	newestMinor = 36
	oldestMinor = 24
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "schema:", err)
		os.Exit(1)
	}
}

func run() error {
	types, err := readPod(newest)
	if err != nil {
		return err
	}
	for minor := newestMinor - 1; minor >= oldestMinor; minor-- {
		older, err := readPod(fmt.Sprintf("v0.%d.0", minor))
		if err != nil {
			return err
		}
		markSince(types[0], older[0], minor)
	}
	out := bufio.NewWriter(os.Stdout)
	if err := writeTable(out, types); err != nil {
		return err
	}
	return out.Flush()
}

// markSince goes through two versions of the Pod side by side, from the newer down to the older
// one of `minor`. What has no counterpart there came after it. Types are paired by the fields that
// hold them, not by name, because types get renamed and split while the JSON stays as it is; a
// type that stands in several places is as old as the oldest of them.
func markSince(root, older *object, minor int) {
	had := map[*field]bool{}
	seen := map[[2]*object]bool{}
	var walk func(now, then *object)
	walk = func(now, then *object) {
		if seen[[2]*object{now, then}] {
			return
		}
		seen[[2]*object{now, then}] = true
		for _, f := range now.fields {
			old := then.find(f.name)
			if old == nil {
				continue
			}
			had[f] = true
			if f.object != nil && old.object != nil {
				walk(f.object, old.object)
			}
		}
	}
	walk(root, older)
	for _, o := range reachable(root) {
		for _, f := range o.fields {
			// A field that was away for a while counts from its return.
			if !had[f] && f.since == 0 {
				f.since = minor + 1
			}
		}
	}
}
