// Command tiphys-dex is Dex with in-memory storage, for tests: it reads a configuration in Dex's own format (as JSON) and
// serves it over HTTP. Dex's released command also links databases that need cgo, so it is not built here.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/dexidp/dex/server"
	"github.com/dexidp/dex/storage"
	"github.com/dexidp/dex/storage/memory"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"
)

// config is what this command knows of Dex's configuration; other fields are ignored.
type config struct {
	Issuer string `json:"issuer"`
	Web    struct {
		HTTP string `json:"http"`
	} `json:"web"`
	OAuth2 struct {
		SkipApprovalScreen bool `json:"skipApprovalScreen"`
	} `json:"oauth2"`
	Expiry struct {
		IDTokens string `json:"idTokens"`
	} `json:"expiry"`
	StaticClients    []storage.Client `json:"staticClients"`
	EnablePasswordDB bool             `json:"enablePasswordDB"`
	StaticPasswords  []struct {
		Email    string `json:"email"`
		Username string `json:"username"`
		UserID   string `json:"userID"`
		Hash     string `json:"hash"`
	} `json:"staticPasswords"`
	Connectors []struct {
		Type   string          `json:"type"`
		ID     string          `json:"id"`
		Name   string          `json:"name"`
		Config json.RawMessage `json:"config"`
	} `json:"connectors"`
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: tiphys-dex CONFIG.json WEB-FOLDER")
	}
	if err := serve(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func serve(file, webDir string) error {
	var c config
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, &c); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	logger := logrus.New()
	options := server.Config{
		Issuer:             c.Issuer,
		Storage:            storageOf(c, logger),
		SkipApprovalScreen: c.OAuth2.SkipApprovalScreen,
		Web:                server.WebConfig{Dir: webDir},
		Logger:             logger,
		PrometheusRegistry: prometheus.NewRegistry(),
	}
	if c.Expiry.IDTokens != "" {
		if options.IDTokensValidFor, err = time.ParseDuration(c.Expiry.IDTokens); err != nil {
			return err
		}
	}
	handler, err := server.NewServer(context.Background(), options)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.Web.HTTP)
	if err != nil {
		return err
	}
	return http.Serve(listener, handler)
}

// storageOf holds in memory what the configuration lists.
func storageOf(c config, logger logrus.FieldLogger) storage.Storage {
	connectors := make([]storage.Connector, 0, len(c.Connectors)+1)
	for _, listed := range c.Connectors {
		connectors = append(connectors, storage.Connector{ID: listed.ID, Type: listed.Type, Name: listed.Name, Config: listed.Config})
	}
	if c.EnablePasswordDB {
		connectors = append(connectors, storage.Connector{ID: server.LocalConnector, Type: server.LocalConnector, Name: "Email"})
	}
	passwords := make([]storage.Password, 0, len(c.StaticPasswords))
	for _, listed := range c.StaticPasswords {
		passwords = append(passwords, storage.Password{Email: listed.Email, Username: listed.Username, UserID: listed.UserID, Hash: []byte(listed.Hash)})
	}
	base := storage.WithStaticClients(memory.New(logger), c.StaticClients)
	return storage.WithStaticConnectors(storage.WithStaticPasswords(base, passwords, logger), connectors)
}
