// Command render-helm is `helm template` as a long-lived process: see the package renderer.
package main

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"slices"

	"helm.sh/helm/v3/pkg/chartutil"
	"tiphys.invalid/local-cluster/renderer"
)

func main() {
	// Helm appends to this list for each render; it must not write behind its end.
	capabilities := chartutil.DefaultCapabilities
	capabilities.APIVersions = slices.Clip(capabilities.APIVersions)
	parse := func(args []string) (renderer.Render, error) {
		options, err := parseOptions(args)
		if err != nil {
			return nil, err
		}
		return func(stdout *bytes.Buffer) (renderer.State, error) {
			return renderer.Clean, template(options, stdout)
		}, nil
	}
	renderer.Serve(renderer.Tool{Name: "helm", Version: shortVersion(), LogFlags: log.Lshortfile, ErrorPrefix: "Error: ", Parse: parse})
}

// shortVersion is what `helm version --short` prints.
func shortVersion() string {
	info := chartutil.DefaultCapabilities.HelmVersion
	if len(info.GitCommit) >= 7 {
		return fmt.Sprintf("%s+g%s", info.Version, info.GitCommit[:7])
	}
	return info.Version
}

func warn(text string) {
	fmt.Fprintf(os.Stderr, "WARNING: %s\n", text)
}
