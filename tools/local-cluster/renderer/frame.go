package renderer

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
)

// A frame is a length of four bytes, the most significant first, and that many bytes.
const maxRequestBytes = 16 << 20

func readFrame(from io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return nil, err
	}
	length := binary.BigEndian.Uint32(head[:])
	if length > maxRequestBytes {
		return nil, fmt.Errorf("a request of %d bytes", length)
	}
	payload := make([]byte, length)
	_, err := io.ReadFull(from, payload)
	return payload, err
}

func writeFrame(to io.Writer, payload []byte) error {
	var head [4]byte
	binary.BigEndian.PutUint32(head[:], uint32(len(payload)))
	if _, err := to.Write(head[:]); err != nil {
		return err
	}
	_, err := to.Write(payload)
	return err
}

func writeJSON(to io.Writer, value any) error {
	payload, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return writeFrame(to, payload)
}
