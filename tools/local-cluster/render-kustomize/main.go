// Command render-kustomize is `kustomize build` as a long-lived process: see the package renderer.
package main

import (
	"bytes"
	"errors"
	"log"
	"strings"

	"sigs.k8s.io/kustomize/api/provenance"
	"sigs.k8s.io/kustomize/kustomize/v5/commands/build"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/openapi"
	"tiphys.invalid/local-cluster/renderer"
)

func main() {
	untouched := openapi.GetSchemaVersion()
	parse := func(args []string) (renderer.Render, error) {
		if len(args) != 2 || args[0] != "build" || strings.HasPrefix(args[1], "-") {
			return nil, errors.New("only: build FOLDER")
		}
		return func(stdout *bytes.Buffer) (renderer.State, error) {
			err := buildFolder(args[1], stdout)
			// The `openapi` field of a kustomization changes a variable of the package for good.
			if openapi.GetSchemaVersion() != untouched {
				return renderer.Tainted, err
			}
			return renderer.Clean, err
		}, nil
	}
	version := provenance.GetProvenance().Semver()
	renderer.Serve(renderer.Tool{Name: "kustomize", Version: version, LogFlags: log.LstdFlags, ErrorPrefix: "Error: ", Parse: parse})
}

// buildFolder is the tool's own command, without its options.
func buildFolder(folder string, stdout *bytes.Buffer) error {
	command := build.NewCmdBuild(filesys.MakeFsOnDisk(), build.MakeHelp("kustomize", "build"), stdout)
	command.SilenceErrors = true
	command.SetArgs([]string{folder})
	return command.Execute()
}
