//go:build !linux || !(amd64 || arm64)

package renderer

type seal struct{}

func sealProcess([]string) seal { return seal{} }

func (seal) sealThread(string) {}

func (seal) names() []string { return []string{} }
