//go:build tools

// Pins kubeconform, which checks the chart's objects and deploy/ in tests; nothing is compiled from this file.
package tools

import _ "github.com/yannh/kubeconform/cmd/kubeconform"
