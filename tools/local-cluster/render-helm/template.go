package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/cli"
	"helm.sh/helm/v3/pkg/getter"
	"helm.sh/helm/v3/pkg/release"
)

// template does what `helm template` does, in the same order, so that of several errors the same one is told.
func template(given *options, stdout *bytes.Buffer) error {
	install, err := newInstall(given)
	if err != nil {
		return err
	}
	rendered, err := run(install, given)
	if err != nil && rendered != nil {
		return fmt.Errorf("%w\n\nUse --debug flag to render out invalid YAML", err)
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, strings.TrimSpace(rendered.Manifest))
	for _, hook := range rendered.Hooks {
		if given.skipTests && slices.Contains(hook.Events, release.HookTest) {
			continue
		}
		fmt.Fprintf(stdout, "---\n# Source: %s\n%s\n", hook.Path, hook.Manifest)
	}
	return nil
}

// newInstall has a configuration of its own: it never sees a cluster, a kubeconfig or another render.
func newInstall(given *options) (*action.Install, error) {
	install := action.NewInstall(&action.Configuration{Log: func(string, ...any) {}})
	if given.kubeVersion != "" {
		version, err := chartutil.ParseKubeVersion(given.kubeVersion)
		if err != nil {
			return nil, fmt.Errorf("invalid kube version '%s': %s", given.kubeVersion, err)
		}
		install.KubeVersion = version
	}
	install.DryRun = true
	install.DryRunOption = "true"
	install.ClientOnly = true
	install.Replace = true
	install.APIVersions = given.apiVersions
	install.IncludeCRDs = given.includeCRDs
	install.SkipCRDs = given.skipCRDs
	install.SkipSchemaValidation = given.skipSchemaValidation
	install.Namespace = given.namespace
	if install.Namespace == "" {
		install.Namespace = "default"
	}
	return install, nil
}

func run(install *action.Install, given *options) (*release.Release, error) {
	name, reference, err := install.NameAndChart([]string{given.release, given.chart})
	if err != nil {
		return nil, err
	}
	install.ReleaseName = name
	settings := cli.New()
	path, err := install.LocateChart(reference, settings)
	if err != nil {
		return nil, err
	}
	merged, err := given.values.MergeValues(getter.All(settings))
	if err != nil {
		return nil, err
	}
	requested, err := load(path)
	if err != nil {
		return nil, err
	}
	return install.Run(requested, merged)
}

func load(path string) (*chart.Chart, error) {
	requested, err := loader.Load(path)
	if err != nil {
		return nil, err
	}
	if kind := requested.Metadata.Type; kind != "" && kind != "application" {
		return nil, errors.Errorf("%s charts are not installable", kind)
	}
	if requested.Metadata.Deprecated {
		warn("This chart is deprecated")
	}
	if needed := requested.Metadata.Dependencies; needed != nil {
		if err := action.CheckDependencies(requested, needed); err != nil {
			const advice = "An error occurred while checking for chart dependencies. " +
				"You may need to run `helm dependency build` to fetch missing dependencies"
			return nil, errors.Wrap(err, advice)
		}
	}
	return requested, nil
}
