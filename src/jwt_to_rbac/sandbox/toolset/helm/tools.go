//go:build tools

// Pins Helm, which installs the chart in tests; nothing is compiled from this file.
package tools

import _ "helm.sh/helm/v4/cmd/helm"
