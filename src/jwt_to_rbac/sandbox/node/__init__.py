"""A node that runs pods: kubelet, containerd, kube-proxy and CoreDNS, in namespaces of its own.

`Options(node=True)` asks for it. The keeper then runs in network, mount and process namespaces
(namespaces.py), so that the kernel takes all of it away with the keeper, however that ends;
what the kernel doesn't (cgroups.py) goes with the sandbox's folder.
"""
