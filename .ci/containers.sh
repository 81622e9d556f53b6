# shellcheck shell=bash
# For steps that run containers: a store and a configuration in target/, which work for root without a daemon and without systemd.
containers=$PWD/target/test-dist/containers
mkdir -p "$containers"
cat >"$containers/storage.conf" <<END
[storage]
driver="vfs"
graphroot="$containers/store"
runroot="$containers/run"
END
cat >"$containers/containers.conf" <<END
[containers]
default_ulimits=[]
log_driver="k8s-file"
[engine]
cgroup_manager="cgroupfs"
events_logger="file"
runtime="runc"
no_pivot_root=true
[network]
network_backend="netavark"
network_config_dir="$containers/networks"
END
export CONTAINERS_STORAGE_CONF=$containers/storage.conf CONTAINERS_CONF=$containers/containers.conf BUILDAH_ISOLATION=chroot
# shellcheck source=.ci/packages.sh
. .ci/packages.sh
packages podman podman-compose runc netavark aardvark-dns iptables busybox-static curl
if [ "$(id -u)" != 0 ] || ! command -v podman >/dev/null || ! command -v runc >/dev/null; then
    echo "containers are run by root with podman and runc"
    exit 77
fi

# A client for a network of containers, from this machine's curl and a static shell: no registry is asked.
client_image() {
    local context=$containers/client
    rm -rf "$context" && mkdir -p "$context/bin" "$context/tmp"
    cp "$(command -v busybox)" "$context/bin/busybox"
    for name in sh cat sleep wget; do ln -s busybox "$context/bin/$name"; done
    cp "$(command -v curl)" "$context/bin/curl"
    ldd "$(command -v curl)" | grep -o '/[^ ]*' | while read -r library; do install -D "$library" "$context$library"; done
    printf 'FROM scratch\nCOPY . /\nENV PATH=/bin\n' >"$context.Dockerfile"
    podman build --quiet --file "$context.Dockerfile" --tag localhost/stend-client "$context" >/dev/null
    rm -rf "$context"
}
