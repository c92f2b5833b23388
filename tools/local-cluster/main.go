// Command tiphys-kube is a Kubernetes control plane in one binary for development and tests:
// its first argument selects the program (kube-apiserver, kube-controller-manager,
// kube-scheduler or etcd), the rest are that program's own flags.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

func main() {
	if len(os.Args) < 2 {
		usage()
	}
	program := os.Args[1]
	// Each program parses os.Args by itself, so drop our own argument first.
	os.Args = append([]string{program}, os.Args[2:]...)
	switch program {
	case "kube-apiserver":
		run(apiserver.NewAPIServerCommand())
	case "kube-controller-manager":
		run(controllermanager.NewControllerManagerCommand())
	case "kube-scheduler":
		run(scheduler.NewSchedulerCommand())
	case "etcd":
		etcdmain.Main(os.Args)
	default:
		usage()
	}
}

func run(command *cobra.Command) {
	os.Exit(cli.Run(command))
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: tiphys-kube kube-apiserver|kube-controller-manager|kube-scheduler|etcd [flags]")
	os.Exit(2)
}
