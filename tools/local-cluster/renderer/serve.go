// Package renderer serves renders of a tool over standard input and output, one at a time: the
// process start, which is most of what a command line costs, is paid once.
//
// The process says hello with one frame of JSON. Then each request (one frame) is answered by three
// frames: a header, what the command line would have written to standard output, and what it would
// have written to standard error. It ends when its standard input does, also in the middle of a
// render: nothing survives its parent.
package renderer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"log"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// Protocol is raised with every change that an older parent would not understand.
const protocol = 1

// maxErrorBytes bounds what a tool may write to standard error; the rest is dropped.
const maxErrorBytes = 1 << 20

// recycleBytes is the size of the heap after a render from which on a fresh process is cheaper than a large one.
const recycleBytes = 192 << 20

// idleTime without a request is a good moment to give memory back.
const idleTime = 2 * time.Second

// Tool is one command of a tool, as a function.
type Tool struct {
	Name string
	// Version is what the command line prints when it is asked for its version.
	Version string
	// LogFlags are those that the command line gives to the log package.
	LogFlags int
	// ErrorPrefix is what the command line writes before the error that ends it.
	ErrorPrefix string
	// Parse refuses every argument that Render does not treat exactly as the command line does: the
	// parent runs the command line then.
	Parse func(args []string) (Render, error)
}

// Render does what the command line does after it has parsed its arguments. The result says whether
// something stays behind that would change the next render.
type Render func(stdout *bytes.Buffer) (State, error)

// State is what a render leaves in the process.
type State int

const (
	// Clean: nothing that another render could notice.
	Clean State = iota
	// Tainted: this process must not render again.
	Tainted
	// Unsupported: it is left to the command line after all.
	Unsupported
)

type hello struct {
	Protocol int      `json:"protocol"`
	Tool     string   `json:"tool"`
	Version  string   `json:"version"`
	Sealed   []string `json:"sealed"`
}

type request struct {
	Args []string `json:"args"`
	// Folder is the working directory of the command line.
	Folder string `json:"folder"`
	// Base is the folder of everything that the render may read and write.
	Base string `json:"base"`
	// Env is all of the environment.
	Env            map[string]string `json:"env"`
	MaxOutputBytes int               `json:"maxOutputBytes"`
}

type header struct {
	Outcome string `json:"outcome"`
	// Code is the exit code of the command line.
	Code int `json:"code"`
	// Last: the process ends after this answer.
	Last bool `json:"last"`
}

// Serve never returns. The arguments of the process are the folders that all workspaces lie in.
func Serve(tool Tool) {
	if len(os.Args) < 2 {
		log.Fatalf("usage: %s WORK_FOLDER... (a renderer that repo-server starts; not for people)", os.Args[0])
	}
	// Read before the seal: afterwards /etc/localtime is not there.
	time.Now().Zone()
	seal := sealProcess(os.Args[1:])
	requests := make(chan request)
	go readRequests(requests)
	output := bufio.NewWriterSize(os.Stdout, 64<<10)
	greeting := hello{Protocol: protocol, Tool: tool.Name, Version: tool.Version, Sealed: seal.names()}
	must(writeJSON(output, greeting), output.Flush())
	for {
		select {
		case next := <-requests:
			reply(output, answer(tool, seal, next))
		case <-time.After(idleTime):
			debug.FreeOSMemory()
			reply(output, answer(tool, seal, <-requests))
		}
	}
}

func reply(output *bufio.Writer, answered outcome) {
	must(
		writeJSON(output, answered.header),
		writeFrame(output, answered.stdout),
		writeFrame(output, answered.stderr),
		output.Flush(),
	)
	if answered.header.Last {
		os.Exit(0)
	}
}

// readRequests ends the process with its input, whatever it is doing at that moment.
func readRequests(requests chan<- request) {
	input := bufio.NewReader(os.Stdin)
	for {
		payload, err := readFrame(input)
		if err == io.EOF {
			os.Exit(0)
		}
		var next request
		must(err, json.Unmarshal(payload, &next))
		requests <- next
	}
}

type outcome struct {
	header header
	stdout []byte
	stderr []byte
}

func answer(tool Tool, seal seal, next request) outcome {
	render, err := tool.Parse(next.Args)
	if err != nil {
		return outcome{header: header{Outcome: "unsupported"}, stderr: []byte(err.Error())}
	}
	must(enter(next))
	defer func() { must(os.Chdir("/")) }()
	done := make(chan outcome)
	// A thread of its own, which ends with the goroutine: the seal of this request ends with it.
	go func() {
		runtime.LockOSThread()
		seal.sealThread(next.Base)
		done <- perform(tool, render, next.MaxOutputBytes)
	}()
	return <-done
}

func enter(next request) error {
	os.Clearenv()
	for name, value := range next.Env {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return os.Chdir(next.Folder)
}

// perform lets a panic end the process: the parent repeats such a render with the command line, which
// then says what it says.
func perform(tool Tool, render Render, maxOutputBytes int) outcome {
	var stdout bytes.Buffer
	errors := captureErrors(tool.LogFlags)
	state, err := render(&stdout)
	stderr := errors.finish(tool.ErrorPrefix, err)
	if state == Unsupported {
		return outcome{header: header{Outcome: "unsupported"}, stderr: stderr}
	}
	isLast := state == Tainted || heapBytes() > recycleBytes
	result := outcome{header: header{Outcome: "done", Last: isLast}, stderr: stderr}
	if stdout.Len() > maxOutputBytes {
		result.header.Outcome = "tooMuchOutput"
		return result
	}
	result.stdout = stdout.Bytes()
	if err != nil {
		result.header.Code = 1
	}
	return result
}

func heapBytes() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

func must(failures ...error) {
	for _, failure := range failures {
		if failure != nil {
			log.New(os.NewFile(2, "stderr"), "", 0).Fatal(failure)
		}
	}
}
