// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path"
	"reflect"
	"strconv"
	"strings"
)

// object is a Go struct as JSON shows it: embedded structs are flattened.
type object struct {
	name   string
	fields []*field
}

type field struct {
	name    string
	kind    string // PN_SCHEMA_* of kube/schema.h, without the prefix
	shape   string // ONE, LIST or MAP
	pointer bool
	object  *object // kind OBJECT
	keys    string  // LIST: what tells its items apart, joined by commas
	since   int     // minor version of Kubernetes; 0: always there
}

func (o *object) find(name string) *field {
	for _, f := range o.fields {
		if f.name == name {
			return f
		}
	}
	return nil
}

// reachable lists the objects below root, breadth first: a parent stands before its children.
func reachable(root *object) []*object {
	list := []*object{root}
	seen := map[*object]bool{root: true}
	for i := 0; i < len(list); i++ {
		for _, f := range list[i].fields {
			if f.object != nil && !seen[f.object] {
				seen[f.object] = true
				list = append(list, f.object)
			}
		}
	}
	return list
}

const (
	corePackage = "k8s.io/api/core/v1"
	metaPackage = "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Types with JSON of their own, or that are none of our business.
var special = map[string]string{
	"k8s.io/apimachinery/pkg/api/resource.Quantity":   "QUANTITY",
	"k8s.io/apimachinery/pkg/util/intstr.IntOrString": "INT_OR_STRING",
	metaPackage + ".Time":                             "TIME",
	metaPackage + ".FieldsV1":                         "OPAQUE",
	corePackage + ".PodStatus":                        "OPAQUE",
}

var builtin = map[string]string{"string": "STRING", "bool": "BOOL", "int32": "INT32", "int64": "INT64"}

// declared is a type as its source file says it.
type declared struct {
	spec    *ast.TypeSpec
	pkg     string
	imports map[string]string // name in that file: import path
}

type reader struct {
	modules  map[string]string              // module path: folder
	packages map[string]map[string]declared // import path: types by name
	objects  map[string]*object
	open     map[string]bool // objects that are being read, to find cycles
}

// readPod downloads the API types of one version and returns the Pod and all below it.
func readPod(version string) ([]*object, error) {
	r := &reader{map[string]string{}, map[string]map[string]declared{}, map[string]*object{}, map[string]bool{}}
	for _, module := range []string{"k8s.io/api", "k8s.io/apimachinery"} {
		folder, err := download(module + "@" + version)
		if err != nil {
			return nil, err
		}
		r.modules[module] = folder
	}
	pod, err := r.object(corePackage, "Pod")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", version, err)
	}
	return reachable(pod), nil
}

// download asks the go command, which checks what it gets against the public checksum database.
func download(module string) (string, error) {
	out, err := exec.Command("go", "mod", "download", "-json", module).Output()
	var result struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(out, &result); jsonErr != nil {
		return "", fmt.Errorf("go mod download %s: %v, %w", module, err, jsonErr)
	}
	if result.Dir == "" {
		return "", fmt.Errorf("go mod download %s: %s", module, result.Error)
	}
	return result.Dir, nil
}

func (r *reader) parse(pkg string) (map[string]declared, error) {
	if types := r.packages[pkg]; types != nil {
		return types, nil
	}
	folder := ""
	for module, dir := range r.modules {
		if strings.HasPrefix(pkg, module+"/") {
			folder = dir + strings.TrimPrefix(pkg, module)
		}
	}
	sources := func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }
	parsed, err := parser.ParseDir(token.NewFileSet(), folder, sources, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	types := map[string]declared{}
	for _, p := range parsed {
		for _, file := range p.Files {
			imports := map[string]string{}
			for _, i := range file.Imports {
				target, _ := strconv.Unquote(i.Path.Value)
				name := path.Base(target)
				if i.Name != nil {
					name = i.Name.Name
				}
				imports[name] = target
			}
			for _, d := range file.Decls {
				group, ok := d.(*ast.GenDecl)
				if !ok || group.Tok != token.TYPE {
					continue
				}
				for _, s := range group.Specs {
					spec := s.(*ast.TypeSpec)
					types[spec.Name.Name] = declared{spec, pkg, imports}
				}
			}
		}
	}
	r.packages[pkg] = types
	return types, nil
}

func (r *reader) lookup(pkg, name string) (declared, error) {
	types, err := r.parse(pkg)
	if err != nil {
		return declared{}, err
	}
	d, ok := types[name]
	if !ok {
		return declared{}, fmt.Errorf("no type %s in %s", name, pkg)
	}
	return d, nil
}

// object reads a struct type. No type may hold itself: the checks in C recurse along the types.
func (r *reader) object(pkg, name string) (*object, error) {
	id := pkg + "." + name
	if r.open[id] {
		return nil, fmt.Errorf("%s holds itself", id)
	}
	if o := r.objects[id]; o != nil {
		return o, nil
	}
	d, err := r.lookup(pkg, name)
	if err != nil {
		return nil, err
	}
	s, ok := d.spec.Type.(*ast.StructType)
	if !ok {
		return nil, fmt.Errorf("%s is no struct", id)
	}
	r.open[id] = true
	defer delete(r.open, id)
	o := &object{name: name}
	for _, f := range s.Fields.List {
		if err := r.structField(o, d, f); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	r.objects[id] = o
	return o, nil
}

func (r *reader) structField(o *object, d declared, f *ast.Field) error {
	if f.Tag == nil {
		return fmt.Errorf("a field without a tag")
	}
	text, err := strconv.Unquote(f.Tag.Value)
	if err != nil {
		return err
	}
	tag := reflect.StructTag(text)
	name, _, _ := strings.Cut(tag.Get("json"), ",")
	if name == "-" {
		return nil
	}
	result := &field{name: name, shape: "ONE"}
	if err := r.fieldType(result, d, f.Type); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if name == "" { // embedded
		if result.object == nil || result.shape != "ONE" || len(f.Names) != 0 {
			return fmt.Errorf("neither a name nor an embedded struct")
		}
		for _, inner := range result.object.fields {
			c := *inner // of its own: it may be younger here than elsewhere
			o.fields = append(o.fields, &c)
		}
		return nil
	}
	if result.shape == "LIST" {
		result.keys = listKeys(f.Doc, tag)
	}
	o.fields = append(o.fields, result)
	return nil
}

// listKeys prefers what the API server uses (+listMapKey) to what old clients use (patchMergeKey).
func listKeys(doc *ast.CommentGroup, tag reflect.StructTag) string {
	var keys []string
	if doc != nil {
		for _, line := range doc.List {
			marker := strings.TrimSpace(strings.TrimPrefix(line.Text, "//"))
			if key, ok := strings.CutPrefix(marker, "+listMapKey="); ok {
				keys = append(keys, key)
			}
		}
	}
	if len(keys) == 0 {
		return tag.Get("patchMergeKey")
	}
	return strings.Join(keys, ",")
}

// fieldType fills in what the Go type says: []T, map[string]T, *T, named types, structs.
func (r *reader) fieldType(f *field, d declared, expr ast.Expr) error {
	switch t := expr.(type) {
	case *ast.StarExpr:
		if f.shape == "ONE" {
			f.pointer = true
		}
		return r.fieldType(f, d, t.X)
	case *ast.ArrayType:
		if f.shape != "ONE" || t.Len != nil {
			return fmt.Errorf("a list within a list or a map")
		}
		f.shape = "LIST"
		return r.fieldType(f, d, t.Elt)
	case *ast.MapType:
		if f.shape != "ONE" {
			return fmt.Errorf("a map within a list or a map")
		}
		f.shape = "MAP"
		if err := r.fieldType(&field{shape: "ONE"}, d, t.Key); err != nil {
			return err
		}
		return r.fieldType(f, d, t.Value)
	case *ast.SelectorExpr:
		pkg, ok := d.imports[t.X.(*ast.Ident).Name]
		if !ok {
			return fmt.Errorf("no import %s", t.X)
		}
		return r.namedType(f, pkg, t.Sel.Name)
	case *ast.Ident:
		if kind, ok := builtin[t.Name]; ok {
			f.kind = kind
			return nil
		}
		return r.namedType(f, d.pkg, t.Name)
	}
	return fmt.Errorf("a Go type that the table cannot say: %T", expr)
}

func (r *reader) namedType(f *field, pkg, name string) error {
	if kind, ok := special[pkg+"."+name]; ok {
		f.kind = kind
		return nil
	}
	d, err := r.lookup(pkg, name)
	if err != nil {
		return err
	}
	if _, ok := d.spec.Type.(*ast.StructType); !ok {
		return r.fieldType(f, d, d.spec.Type)
	}
	f.kind = "OBJECT"
	f.object, err = r.object(pkg, name)
	return err
}
