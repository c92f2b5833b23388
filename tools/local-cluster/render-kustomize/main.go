// Command render-kustomize is `kustomize build` as a long-lived process: see the package renderer.
package main

import (
	"bytes"
	"errors"
	"log"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/provenance"
	"sigs.k8s.io/kustomize/kustomize/v5/commands/build"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/openapi"
	"tiphys.invalid/local-cluster/renderer"
)

// known are the options that neither start a program nor widen what is read.
var known = []string{"--enable-managedby-label", "--reorder=legacy", "--reorder=none"}

func main() {
	version := provenance.GetProvenance().Semver()
	renderer.Serve(renderer.Tool{
		Name:        "kustomize",
		Version:     version,
		LogFlags:    log.LstdFlags,
		ErrorPrefix: "Error: ",
		Parse:       parse,
	})
}

func parse(args []string) (renderer.Render, error) {
	if len(args) < 2 || args[0] != "build" || strings.HasPrefix(args[len(args)-1], "-") {
		return nil, errors.New("only: build OPTIONS FOLDER")
	}
	for _, option := range args[1 : len(args)-1] {
		if !slices.Contains(known, option) {
			return nil, errors.New("an option: " + option)
		}
	}
	return func(stdout *bytes.Buffer) (renderer.State, error) {
		untouched := openapi.GetSchemaVersion()
		err := run(args[1:], stdout)
		// The `openapi` field of a kustomization changes a variable of the package for good.
		if openapi.GetSchemaVersion() != untouched {
			return renderer.Tainted, err
		}
		return renderer.Clean, err
	}, nil
}

// run is the tool's own command; making it sets its options, which are variables of the package, back.
func run(args []string, stdout *bytes.Buffer) error {
	command := build.NewCmdBuild(filesys.MakeFsOnDisk(), build.MakeHelp("kustomize", "build"), stdout)
	command.SilenceErrors = true
	command.SetArgs(args)
	return command.Execute()
}
