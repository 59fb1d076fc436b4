//go:build tools

// Pins CoreDNS, by which pods find Services; nothing is compiled from this file.
package tools

import _ "github.com/coredns/coredns"
