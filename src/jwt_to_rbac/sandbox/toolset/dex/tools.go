//go:build tools

// Pins Dex, the sandbox's OpenID Connect issuer; nothing is compiled from this file.
package tools

import _ "github.com/dexidp/dex/cmd/dex"
