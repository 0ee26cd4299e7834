// Command go-kustomize runs Go's kustomize library in process, in two ways: as the other runner of `npm run bench -- build`,
// and as the reference that answers many small builds without starting a process for each.
//
//	go-kustomize bench ROOT ROUNDS   folders on standard input, one a line; prints one JSON line
//	go-kustomize serve               one JSON case a line in, one JSON answer a line out, in order
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/openapi"
)

func main() {
	var err error
	switch {
	case len(os.Args) == 4 && os.Args[1] == "bench":
		err = bench(os.Args[2], os.Args[3])
	case len(os.Args) == 2 && os.Args[1] == "serve":
		err = serve()
	default:
		err = fmt.Errorf("usage: go-kustomize bench ROOT ROUNDS | serve")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

// lines reads standard input; a case may be large.
func lines() *bufio.Scanner {
	scanner := bufio.NewScanner(os.Stdin)
	scanner.Buffer(make([]byte, 0, 1<<20), 256<<20)
	return scanner
}

// bench builds every folder once, which warms up and finds those that build at all, then these ROUNDS times, and reports
// the best round.
func bench(root, roundsText string) error {
	rounds, err := strconv.Atoi(roundsText)
	if err != nil {
		return err
	}
	disk := filesys.MakeFsOnDisk()
	with := options("unspecified", "LoadRestrictionsRootOnly", false)
	built, bytes := []string{}, 0
	for scanner := lines(); scanner.Scan(); {
		if text, err := build(disk, filepath.Join(root, scanner.Text()), with); err == nil {
			built, bytes = append(built, scanner.Text()), bytes+len(text)
		}
	}
	best, cpu := time.Duration(0), time.Duration(0)
	for i := 0; i < rounds; i++ {
		start, before := time.Now(), cpuTime()
		for _, folder := range built {
			if _, err := build(disk, filepath.Join(root, folder), with); err != nil {
				return err
			}
		}
		if took := time.Since(start); i == 0 || took < best {
			best, cpu = took, cpuTime()-before
		}
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"built": built, "bytes": bytes, "peakRssKb": usage.Maxrss,
		"totalMs": best.Seconds() * 1000, "cpuMs": cpu.Seconds() * 1000,
	})
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

type request struct {
	Files            map[string]string `json:"files"`
	Folder           string            `json:"folder"`
	Reorder          string            `json:"reorder"`
	LoadRestrictions string            `json:"loadRestrictions"`
	ManagedByLabel   bool              `json:"managedByLabel"`
}

type answer struct {
	Yaml  string `json:"yaml"`
	Error string `json:"error,omitempty"`
}

// serve never ends for a failed case, only for broken input.
func serve() error {
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	scanner := lines()
	for scanner.Scan() {
		var asked request
		if err := json.Unmarshal(scanner.Bytes(), &asked); err != nil {
			return err
		}
		if err := encoder.Encode(one(asked)); err != nil {
			return err
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return scanner.Err()
}

func one(asked request) (result answer) {
	defer func() {
		if cause := recover(); cause != nil {
			result = answer{Error: fmt.Sprintf("panic: %v", cause)}
		}
	}()
	memory := filesys.MakeFsInMemory()
	for path, content := range asked.Files {
		if strings.Contains(content, "openapi") {
			// The library keeps its schema from build to build: a chosen one is for this build alone, as in a process.
			openapi.ResetOpenAPI()
			defer openapi.ResetOpenAPI()
		}
		if err := memory.WriteFile("/"+path, []byte(content)); err != nil {
			return answer{Error: err.Error()}
		}
	}
	text, err := build(memory, "/"+asked.Folder, options(asked.Reorder, asked.LoadRestrictions, asked.ManagedByLabel))
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Yaml: text}
}

// options are those of `kustomize build` without flags, but for what is asked.
func options(reorder, restrictions string, managedBy bool) *krusty.Options {
	made := krusty.MakeDefaultOptions()
	made.Reorder = krusty.ReorderOption(reorder)
	if restrictions == "LoadRestrictionsNone" {
		made.LoadRestrictions = types.LoadRestrictionsNone
	}
	made.AddManagedbyLabel = managedBy
	made.PluginConfig = types.DisabledPluginConfig()
	return made
}

func build(fs filesys.FileSystem, folder string, with *krusty.Options) (string, error) {
	resources, err := krusty.MakeKustomizer(with).Run(fs, folder)
	if err != nil {
		return "", err
	}
	text, err := resources.AsYaml()
	return string(text), err
}
