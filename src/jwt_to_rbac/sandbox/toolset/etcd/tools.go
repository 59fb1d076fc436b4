//go:build tools

// Pins etcd, the sandbox's store; nothing is compiled from this file.
package tools

import _ "go.etcd.io/etcd/server/v3"
