# shellcheck shell=bash
# packages NAME…: installs Debian packages that are missing, as root or on a CI machine; else names the command. Whether they
# are there then is the caller's to see.
packages() {
    local name missing=
    command -v dpkg >/dev/null || return 0
    for name in "$@"; do dpkg -s "$name" >/dev/null 2>&1 || missing="$missing $name"; done
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" = 0 ]; then
        echo "installing$missing"
        # shellcheck disable=SC2086
        (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing) >/dev/null 2>&1 || true
    else
        echo "missing; install with: sudo apt-get install$missing"
    fi
}
