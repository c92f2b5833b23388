// Command render-jsonnet is `jsonnet` as a long-lived process: see the package renderer.
package main

import (
	"bytes"
	"errors"
	"log"
	"os"
	"strings"

	"github.com/google/go-jsonnet"
	"tiphys.invalid/local-cluster/renderer"
)

func main() {
	renderer.Serve(renderer.Tool{
		Name:     "jsonnet",
		Version:  "Jsonnet commandline interpreter (Go implementation) " + jsonnet.Version(),
		LogFlags: log.LstdFlags,
		Parse:    parse,
	})
}

type variable struct{ flag, name, value string }

// parse knows the options that a source can set, and one file at the end.
func parse(args []string) (renderer.Render, error) {
	var paths []string
	var variables []variable
	for ; len(args) >= 2; args = args[2:] {
		name, value, hasValue := strings.Cut(args[1], "=")
		switch flag := args[0]; flag {
		case "--jpath":
			paths = append(paths, args[1])
		case "--ext-str", "--ext-code", "--tla-str", "--tla-code":
			if !hasValue {
				return nil, errors.New("a variable of the environment")
			}
			variables = append(variables, variable{flag, name, value})
		default:
			return nil, errors.New("an option: " + flag)
		}
	}
	if len(args) != 1 || strings.HasPrefix(args[0], "-") {
		return nil, errors.New("only: OPTIONS FILE")
	}
	file := args[0]
	return func(stdout *bytes.Buffer) (renderer.State, error) {
		// The command line opens the file by itself first and has its own words when it cannot.
		if _, err := os.Stat(file); err != nil {
			return renderer.Unsupported, err
		}
		output, err := newMachine(paths, variables).EvaluateFile(file)
		stdout.WriteString(output)
		return renderer.Clean, err
	}, nil
}

func newMachine(paths []string, variables []variable) *jsonnet.VM {
	machine := jsonnet.MakeVM()
	machine.Importer(&jsonnet.FileImporter{JPaths: paths})
	for _, given := range variables {
		switch given.flag {
		case "--ext-str":
			machine.ExtVar(given.name, given.value)
		case "--ext-code":
			machine.ExtCode(given.name, given.value)
		case "--tla-str":
			machine.TLAVar(given.name, given.value)
		default:
			machine.TLACode(given.name, given.value)
		}
	}
	return machine
}
