#!/bin/sh
# Builds harness-tracing from this clone when needed and hands all arguments to it.
#
#   ./install.sh demo                 play a recorded session, print its trace
#   ./install.sh claude [options]     install tracing for Claude Code
#   ./install.sh uninstall            remove it again
#   ./install.sh <command> --help     everything else
#
# Needs Node 20 or newer with npm, or Bun. Writes to this folder and, when something is installed, to the agent's
# configuration and ~/.arize/harness. No root, no shell profile.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
program=$here/dist/harness-tracing
installed=${HOME:-}/.arize/harness/bin/harness-tracing

say() { printf '%s\n' "$*" >&2; }

# Is there a program that no source file is newer than?
up_to_date() {
  [ -x "$program" ] || return 1
  newer=$(cd "$here" && find src build package.json package-lock.json -type f -newer "$program" | head -n 1)
  [ -z "$newer" ]
}

node_is_new_enough() {
  command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 || return 1
  [ "$(node -p 'Number(process.versions.node.split(".")[0]) >= 20')" = true ]
}

build() {
  say "Building harness-tracing for this machine ..."
  cd "$here"
  if node_is_new_enough; then
    npm run --silent build
  elif command -v bun >/dev/null 2>&1; then
    bun build/ensure.mjs && bun build/build.ts
  else
    say "Cannot build: this needs Node 20 or newer with npm (https://nodejs.org), or Bun (https://bun.sh)."
    if command -v node >/dev/null 2>&1; then say "Found: node $(node --version)."; fi
    return 1
  fi
}

case ${1:-} in
  '' | -h | --help)
    sed -n '2,/^set -eu/s/^# \{0,1\}//p' "$0"
    [ $# -gt 0 ] && exit 0
    exit 2
    ;;
  uninstall)
    # What is installed can remove itself: nothing needs to be built for that.
    if [ ! -x "$program" ] && [ -x "$installed" ]; then program=$installed; fi
    ;;
esac

if [ "$program" != "$installed" ] && ! up_to_date; then
  # In a subshell, so that the program runs where the user is; its output must not mix with the program's.
  (build) >&2 || {
    say "The build failed (see above)."
    exit 1
  }
fi

case $1 in
  -* | demo | install | uninstall | status | doctor | sessions | show | export | flush | config | help)
    HARNESS_TRACING_INSTALLER=$0 exec "$program" "$@"
    ;;
  *)
    HARNESS_TRACING_INSTALLER=$0 exec "$program" install "$@"
    ;;
esac
