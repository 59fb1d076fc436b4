"""The image as pods on a real node: kubelet, containerd, kube-proxy and CoreDNS, in a network of their own."""
