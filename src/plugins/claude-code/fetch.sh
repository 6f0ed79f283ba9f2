#!/bin/sh
# Fetches harness-tracing for a plugin that finds no program: in the background, at most once in an hour, while the hook
# that started this goes on at once. Only the installer is run, and it installs only what carries the project's signature.
set -eu

installer=https://raw.githubusercontent.com/Arize-ai/coding-harness-tracing/main/install.sh
installer_seconds=60

harness=${HOME:?}/.arize/harness
program=$harness/bin/harness-tracing
log=$harness/logs/fetch.log

download() { # download <file>
  if command -v curl >/dev/null 2>&1; then
    curl -fsSL --proto '=https' --max-time "$installer_seconds" -o "$1" "$installer"
  elif command -v wget >/dev/null 2>&1; then
    wget -q -T "$installer_seconds" -O "$1" "$installer"
  else
    echo "neither curl nor wget is here: install harness-tracing by hand, see the project's README"
    return 1
  fi
}

install_program() {
  folder=$(mktemp -d "${TMPDIR:-/tmp}/harness-tracing.XXXXXX")
  trap 'rm -rf "$folder"' EXIT
  download "$folder/install.sh"
  sh "$folder/install.sh" install --program-only --yes
}

if [ "${1:-}" = now ]; then
  install_program
  exit
fi

if [ -x "$program" ] || [ -x "$program.exe" ]; then exit 0; fi
case ${ARIZE_TRACE_ENABLED:-} in
  0 | [Nn][Oo] | [Oo][Ff][Ff] | [Ff][Aa][Ll][Ss][Ee]) exit 0 ;;
esac

umask 077
mkdir -p "$harness/state" "$harness/logs"
# One claim for each hour of the clock: whoever makes the file fetches.
claim=$harness/state/fetch.$(($(date +%s) / 3600))
(set -C && : >"$claim") 2>/dev/null || exit 0
for old in "$harness"/state/fetch.*; do
  [ "$old" = "$claim" ] || rm -f "$old"
done

# Out of the hook's reach: the agent may end its hooks' process group, or its terminal.
detach="nohup"
if command -v setsid >/dev/null 2>&1; then detach="setsid"; fi
"$detach" sh "$0" now </dev/null >"$log" 2>&1 &
