package renderer

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"os"
)

// capture collects what a tool writes to standard error, through os.Stderr or the log package. Traces
// of Go's runtime go to the real one.
type capture struct {
	writer *os.File
	real   *os.File
	text   chan []byte
}

func captureErrors(logFlags int) *capture {
	reader, writer, err := os.Pipe()
	must(err)
	captured := &capture{writer: writer, real: os.Stderr, text: make(chan []byte, 1)}
	go func() {
		var text bytes.Buffer
		_, _ = io.CopyN(&text, reader, maxErrorBytes)
		_, _ = io.Copy(io.Discard, reader)
		_ = reader.Close()
		captured.text <- text.Bytes()
	}()
	os.Stderr = writer
	log.SetOutput(writer)
	log.SetFlags(logFlags)
	return captured
}

// finish adds the error as the command line does.
func (c *capture) finish(prefix string, failure error) []byte {
	if failure != nil {
		fmt.Fprintln(c.writer, prefix+failure.Error())
	}
	os.Stderr = c.real
	log.SetOutput(c.real)
	must(c.writer.Close())
	return <-c.text
}
