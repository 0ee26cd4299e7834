//go:build ignore

// Prints what Go knows of the API types and OpenAPI does not say: which fields are pointers and which are left out when
// empty. Run by scripts/embedded-kinds.mjs.
package main

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"

	extensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
)

type field struct {
	Kind  string `json:"kind"`
	Ptr   bool   `json:"ptr,omitempty"`
	Omit  bool   `json:"omit,omitempty"`
	Zero  bool   `json:"zero,omitempty"`
	Patch string `json:"patch,omitempty"`
	Merge string `json:"merge,omitempty"`
	Of    string `json:"of,omitempty"`
}

var types = map[string]map[string]field{}
var kinds = map[string]string{}

// A type with its own JSON form (Quantity, Time, …) is a leaf.
var marshaler = reflect.TypeOf((*json.Marshaler)(nil)).Elem()

func name(t reflect.Type) string {
	path := strings.Replace(t.PkgPath(), "k8s.io/", "io.k8s.", 1)
	return strings.ReplaceAll(path, "/", ".") + "." + t.Name()
}

func visit(t reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Array:
		visit(t.Elem())
	case reflect.Struct:
		if _, seen := types[name(t)]; seen || reflect.PointerTo(t).Implements(marshaler) {
			return
		}
		fields := map[string]field{}
		types[name(t)] = fields
		collect(t, fields)
	}
}

func collect(t reflect.Type, fields map[string]field) {
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		parts := strings.Split(f.Tag.Get("json"), ",")
		if parts[0] == "-" {
			continue
		}
		if parts[0] == "" {
			if f.Type.Kind() == reflect.Struct && (f.Anonymous || strings.Contains(f.Tag.Get("json"), "inline")) {
				collect(f.Type, fields)
			}
			continue
		}
		ft := f.Type
		entry := field{Patch: f.Tag.Get("patchStrategy"), Merge: f.Tag.Get("patchMergeKey")}
		for _, option := range parts[1:] {
			entry.Omit = entry.Omit || option == "omitempty" || option == "omitzero"
			entry.Zero = entry.Zero || option == "omitzero"
		}
		if ft.Kind() == reflect.Pointer {
			entry.Ptr = true
			ft = ft.Elem()
		}
		entry.Kind = ft.Kind().String()
		if ft.Kind() == reflect.Slice && ft.Elem().Kind() == reflect.Uint8 {
			entry.Kind = "bytes"
		}
		if ft.Kind() == reflect.Struct {
			entry.Of = name(ft)
		}
		fields[parts[0]] = entry
		visit(ft)
	}
}

func main() {
	known := runtime.NewScheme()
	if err := scheme.AddToScheme(known); err != nil {
		panic(err)
	}
	if err := extensions.AddToScheme(known); err != nil {
		panic(err)
	}
	for gvk, t := range known.AllKnownTypes() {
		if gvk.Version == runtime.APIVersionInternal {
			continue
		}
		if _, ok := t.FieldByName("ObjectMeta"); ok {
			kinds[gvk.GroupVersion().String()+" "+gvk.Kind] = name(t)
			visit(t)
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(map[string]any{"types": types, "kinds": kinds}); err != nil {
		panic(err)
	}
}
