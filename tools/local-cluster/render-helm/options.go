package main

import (
	"errors"

	"github.com/spf13/pflag"
	"helm.sh/helm/v3/pkg/cli/values"
)

// options are those of `helm template` that a source can set; every other one is left to the command line.
type options struct {
	release              string
	chart                string
	namespace            string
	kubeVersion          string
	apiVersions          []string
	values               values.Options
	includeCRDs          bool
	skipCRDs             bool
	skipTests            bool
	skipSchemaValidation bool
}

// parseOptions uses the flag types of Helm, which treat commas and quotes each in its own way.
func parseOptions(args []string) (*options, error) {
	if len(args) == 0 || args[0] != "template" {
		return nil, errors.New("only: template")
	}
	parsed := &options{}
	flags := pflag.NewFlagSet("template", pflag.ContinueOnError)
	flags.Usage = func() {}
	flags.StringVarP(&parsed.namespace, "namespace", "n", "", "")
	flags.StringVar(&parsed.kubeVersion, "kube-version", "", "")
	flags.StringSliceVarP(&parsed.apiVersions, "api-versions", "a", nil, "")
	flags.StringSliceVarP(&parsed.values.ValueFiles, "values", "f", nil, "")
	flags.StringArrayVar(&parsed.values.Values, "set", nil, "")
	flags.StringArrayVar(&parsed.values.StringValues, "set-string", nil, "")
	flags.StringArrayVar(&parsed.values.FileValues, "set-file", nil, "")
	flags.BoolVar(&parsed.includeCRDs, "include-crds", false, "")
	flags.BoolVar(&parsed.skipCRDs, "skip-crds", false, "")
	flags.BoolVar(&parsed.skipTests, "skip-tests", false, "")
	flags.BoolVar(&parsed.skipSchemaValidation, "skip-schema-validation", false, "")
	if err := flags.Parse(args[1:]); err != nil {
		return nil, err
	}
	if flags.NArg() != 2 {
		return nil, errors.New("only: RELEASE CHART")
	}
	parsed.release, parsed.chart = flags.Arg(0), flags.Arg(1)
	return parsed, nil
}
