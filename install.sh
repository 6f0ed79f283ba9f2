#!/bin/sh
# Installs harness-tracing: from a clone of the repository by building it, else by downloading a release.
# `usage` below says how it is called. Needs no root, touches no shell profile.
#
# Why a downloaded program can be trusted. This script came from the project's repository over HTTPS and carries the
# public half of the release key. The release's manifest must be signed with that key, the file must have the hash that
# the manifest names, and only then is it unpacked or run. So neither a mirror nor whoever can replace a release's files
# can install another program. The signature is checked by a tool that was on the machine before: OpenSSL 3, OpenSSH 8.1
# or Node. The downloaded program is never asked about itself, since a forged one would vouch for itself. Where none of
# these tools exists nothing is installed, unless --without-signature says that the connection alone shall be trusted.
set -eu

repository=Arize-ai/coding-harness-tracing
releases=https://github.com/$repository/releases
installer_url=https://raw.githubusercontent.com/$repository/main/install.sh
public_key=Jb2cAbS9Fb6Kh4Aa01mllujsvcYtrkDFmERwO71r/cs=
ssh_public_key=AAAAC3NzaC1lZDI1NTE5AAAAICW9nAG0vRW+ioeAGtNZpZbo7L3GLa5AxZhEcDu9a/3L
signature_namespace=harness-tracing-release

usage() {
  cat <<END
Installs tracing for coding agents.

  ./install.sh demo                 play a recorded session, print its trace
  ./install.sh claude [options]     install tracing for Claude Code; other agents likewise
  ./install.sh update               fetch the latest release
  ./install.sh uninstall [agent]    remove it again
  ./install.sh <command> --help     everything else

In a clone of the repository the program is built (needs Node 20 or newer with npm, or Bun). Without one it is downloaded:

  curl -sSL $installer_url | bash -s -- claude

  --version <version>    this release instead of the latest (or HARNESS_TRACING_VERSION)
  --from <dir or URL>    take the release's files from there (or HARNESS_TRACING_FROM)
  --without-signature    trust the connection alone where nothing on this machine can check the signature

Everything goes to ~/.arize/harness and the agent's own configuration.
END
}

say() { printf '%s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }
die() { # die <what is wrong> [what to do]
  say "install.sh: $1"
  if [ $# -gt 1 ]; then say "To fix: $2"; fi
  exit 1
}

# Is it a command of the program? Everything else is an agent.
is_command() {
  case $1 in
    -* | demo | install | uninstall | update | status | doctor | sessions | show | export | flush | config | skill | record | help) return 0 ;;
  esac
  return 1
}

# ---- from a clone

# The folder of this script, if it was started from a clone. A script that comes through a pipe has no folder.
find_clone() {
  case $0 in
    */install.sh | install.sh) [ -f "$0" ] || return 1 ;;
    *) return 1 ;;
  esac
  here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
  [ -f "$here/src/main.ts" ] && [ -f "$here/build/build.ts" ]
}

# Is there a program that no source file is newer than?
up_to_date() {
  [ -x "$program" ] || return 1
  newer=$(cd "$here" && find src build package.json package-lock.json -type f -newer "$program" | head -n 1)
  [ -z "$newer" ]
}

node_is_new_enough() {
  have node && have npm || return 1
  [ "$(node -p 'Number(process.versions.node.split(".")[0]) >= 20')" = true ]
}

build() {
  say "Building harness-tracing for this machine ..."
  cd "$here"
  if node_is_new_enough; then
    npm run --silent build
  elif have bun; then
    bun build/ensure.mjs && bun build/build.ts
  else
    say "Cannot build: this needs Node 20 or newer with npm (https://nodejs.org), or Bun (https://bun.sh)."
    if have node; then say "Found: node $(node --version)."; fi
    say "Without building: curl -sSL $installer_url | bash -s -- claude"
    return 1
  fi
}

from_clone() {
  program=$here/dist/harness-tracing
  # What is installed can remove itself: nothing needs to be built for that.
  if [ "$1" = uninstall ] && [ ! -x "$program" ] && [ -x "$installed" ]; then program=$installed; fi
  if [ "$program" != "$installed" ] && ! up_to_date; then
    # In a subshell, so that the program runs where the user is; its output must not mix with the program's.
    (build) >&2 || {
      say "The build failed (see above)."
      exit 1
    }
  fi
  if ! is_command "$1"; then set -- install "$@"; fi
  HARNESS_TRACING_INSTALLER=$0 exec "$program" "$@"
}

# ---- from a release

# Sets target: the program of the release that runs here.
detect_target() {
  system=$(uname -s)
  machine=$(uname -m)
  case $machine in
    x86_64 | amd64) processor=x64 ;;
    aarch64 | arm64) processor=arm64 ;;
    *) die "there is no program for a $machine processor" "build from source on x64 or arm64" ;;
  esac
  if have getconf && [ "$(getconf LONG_BIT 2>/dev/null)" = 32 ]; then
    die "this system is 32-bit, the program is 64-bit" "install a 64-bit system"
  fi
  case $system in
    Linux)
      target=linux-$processor
      if is_musl; then
        target=$target-musl
        needs_libstdcxx
      fi
      if [ $processor = x64 ] && [ -r /proc/cpuinfo ] && ! grep -q avx2 /proc/cpuinfo; then target=$target-baseline; fi
      ;;
    Darwin)
      # A shell under Rosetta says x86_64 on an Apple processor.
      if [ "$(sysctl -n sysctl.proc_translated 2>/dev/null)" = 1 ]; then processor=arm64; fi
      target=darwin-$processor
      ;;
    MINGW* | MSYS* | CYGWIN*)
      target=windows-$processor
      extension=.exe
      ;;
    *) die "there is no program for $system" "use Linux, macOS or Windows" ;;
  esac
}

is_musl() {
  [ -f /etc/alpine-release ] && return 0
  # musl's ldd ends with an error after saying its name.
  case $( (ldd --version || :) 2>&1) in
    *musl*) return 0 ;;
    *[Gg][Ll][Ii][Bb][Cc]* | *GNU*) return 1 ;;
  esac
  # glibc first: its systems may have musl beside it.
  for loader in /lib64/ld-linux-* /lib/ld-linux-*; do [ -e "$loader" ] && return 1; done
  for loader in /lib/ld-musl-*; do [ -e "$loader" ] && return 0; done
  return 1
}

needs_libstdcxx() {
  for library in /usr/lib/libstdc++.so.6 /lib/libstdc++.so.6 /usr/local/lib/libstdc++.so.6; do
    [ -e "$library" ] && return 0
  done
  die "libstdc++ is missing, which the program needs on musl systems" "apk add libstdc++ libgcc"
}

# download <url> <file>: goes on where an earlier download of the file ended.
download() {
  if have curl; then
    attempt=1
    while :; do
      code=0
      with_curl "$1" "$2" || code=$?
      case $code in
        0) return 0 ;;
        33 | 36) rm -f "$2" ;; # no ranges there, or nothing left of this one
        18 | 28 | 52 | 55 | 56 | 92) ;; # broke off
        *) break ;;
      esac
      attempt=$((attempt + 1))
      [ $attempt -le 4 ] || break
      sleep 1
    done
    explain_curl "$code" "$1"
  elif have wget; then
    with_wget "$1" "$2" || explain_wget $? "$1"
  else
    die "neither curl nor wget is on this machine" "install curl (apt-get install curl, apk add curl, dnf install curl)"
  fi
}

with_curl() {
  url=$1
  file=$2
  set -- --fail --location --retry 3 --connect-timeout 20 --speed-limit 1 --speed-time 60
  case $url in https:*) set -- "$@" --proto '=https' ;; esac
  if [ -t 2 ] && [ "$large" = yes ]; then set -- "$@" --progress-bar; else set -- "$@" --silent --show-error; fi
  if [ -s "$file" ]; then set -- "$@" --continue-at -; fi
  status=$(curl "$@" --write-out '%{http_code}' --output "$file" "$url" </dev/null)
}

explain_curl() {
  case $1 in
    5) die "the proxy could not be found" "check HTTPS_PROXY" ;;
    6) die "the name of the server could not be resolved: $2" "check the network, or HTTPS_PROXY where one is needed" ;;
    7 | 28) die "no connection to $2" "check the network, or HTTPS_PROXY where one is needed" ;;
    22) case $status in
      404) die "there is no $2" "check the version (https://github.com/$repository/releases), or --from" ;;
      407) die "the proxy wants a user and password" "put them into HTTPS_PROXY" ;;
      416) die "$2 is shorter than what is here of it" "rm -r '$downloads', then again" ;;
      *) die "the server answered $status for $2" "try again later" ;;
    esac ;;
    23) die "the download could not be written to $downloads" "make room on that disk" ;;
    35 | 60 | 77 | 83) die "the server's certificate is not trusted: $2" "where a company's certificates are in use, name them: CURL_CA_BUNDLE=/path/to/ca.pem" ;;
    *) die "the download failed (curl ended with $1): $2" "try again; it goes on where it broke off" ;;
  esac
}

with_wget() {
  url=$1
  set -- -c -O "$2"
  if ! [ -t 2 ] || [ "$large" = no ]; then set -- "$@" -q; fi
  wget "$@" "$url" </dev/null
}

explain_wget() {
  case $1 in
    3) die "the download could not be written to $downloads" "make room on that disk" ;;
    5) die "the server's certificate is not trusted: $2" "where a company's certificates are in use: SSL_CERT_FILE=/path/to/ca.pem, or use curl" ;;
    *) die "the download failed: $2" "check the version, the network, and https_proxy where a proxy is needed; then try again" ;;
  esac
}

# fetch <name> <file>: one file of the release.
fetch() {
  case $base in
    http://* | https://*) download "$base/$1" "$2" ;;
    *)
      [ -f "$base/$1" ] || die "there is no $base/$1" "give --from the folder of a whole release"
      cp "$base/$1" "$2" || die "$base/$1 could not be copied to $downloads" "make room on that disk"
      ;;
  esac
}

needs_sha256() {
  have sha256sum || have shasum || have openssl ||
    die "nothing on this machine can compute SHA-256" "install coreutils, perl (shasum) or openssl"
}

# sha256_of <file>
sha256_of() {
  if have sha256sum; then
    sum=$(sha256sum <"$1")
  elif have shasum; then
    sum=$(shasum -a 256 <"$1")
  else
    sum=$(openssl dgst -sha256 -r <"$1")
  fi
  printf '%s' "${sum%%[ *]*}"
}

# Is the manifest signed with the release key? 0 yes, 1 no, 2 nothing here can tell. See the top for why this suffices.
check_signature() {
  verdict=2
  printf -- '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA%s\n-----END PUBLIC KEY-----\n' "$public_key" >"$work/key.pem"
  printf 'harness-tracing ssh-ed25519 %s\n' "$ssh_public_key" >"$work/signers"
  # LibreSSL and OpenSSL 1.1 know no -rawin.
  if have openssl && openssl pkeyutl -help 2>&1 | grep -q rawin; then
    if openssl pkeyutl -verify -pubin -inkey "$work/key.pem" -rawin -in "$work/release.json" \
      -sigfile "$work/release.json.sig" >/dev/null 2>&1; then return 0; fi
    verdict=1
  fi
  if have ssh-keygen; then
    if ssh-keygen -Y verify -f "$work/signers" -I harness-tracing -n $signature_namespace \
      -s "$work/release.json.sshsig" <"$work/release.json" >"$work/ssh.log" 2>&1; then return 0; fi
    # Older ones do not know -Y at all.
    if grep -qi 'signature' "$work/ssh.log"; then verdict=1; fi
  fi
  if have node; then
    code=0
    node -e '
      let good = false;
      try {
        const [key, message, signature] = process.argv.slice(1).map((path) => require("fs").readFileSync(path));
        good = require("crypto").verify(null, message, key, signature);
      } catch { process.exit(3); }
      process.exit(good ? 0 : 4);
    ' "$work/key.pem" "$work/release.json" "$work/release.json.sig" </dev/null >/dev/null 2>&1 || code=$?
    case $code in
      0) return 0 ;;
      4) verdict=1 ;;
    esac
  fi
  return $verdict
}

# Sets release_version; $work/release.json is then what the release key's owner published.
fetch_manifest() {
  large=no
  fetch release.json "$work/release.json"
  fetch release.json.sig "$work/release.json.sig"
  fetch release.json.sshsig "$work/release.json.sshsig"
  checked=0
  check_signature || checked=$?
  case $checked in
    1) die "the release's signature is wrong: its files were changed, or the download was. Nothing was installed." \
      "try again, from another network; if it stays, tell the project: https://github.com/$repository/issues" ;;
    2) if [ "$signature" = required ]; then
      die "nothing on this machine can check the release's signature. Nothing was installed." \
        "install openssl 3, openssh 8.1 or Node; or trust the connection alone: --without-signature"
    fi ;;
  esac
  release_version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$work/release.json")
  case $release_version in
    '' | *[!0-9A-Za-z.-]*) die "the release's manifest cannot be read" "use the current installer: $installer_url" ;;
  esac
  if [ -n "$version" ] && [ "$release_version" != "$version" ]; then
    die "this is release $release_version, not $version" "correct --version or --from"
  fi
}

# field <name>: of the manifest's line about the asset
field() {
  rest=${line#*\""$1"\":}
  rest=${rest#\"}
  printf '%s' "${rest%%[\",\}]*}"
}

# Room for the download and the program?
check_space() {
  free=$(df -Pk "$downloads" 2>/dev/null | tail -n 1 | sed 's/.* \([0-9][0-9]*\)  *[0-9]*%.*/\1/')
  case $free in '' | *[!0-9]*) return 0 ;; esac
  needed=$((($1 + $2) / 1024 + 10240))
  if [ "$free" -lt "$needed" ]; then
    die "$downloads has $((free / 1024)) MiB free, and $((needed / 1024)) MiB are needed" "make room on that disk"
  fi
}

# Takes the part file for this process. Two downloads into one file would spoil it: whoever comes second uses its own.
claim_part() {
  lock=$part.lock
  if ! mkdir "$lock" 2>/dev/null; then
    owner=$(cat "$lock/pid" 2>/dev/null || :)
    if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
      rm -rf "$lock"
      mkdir "$lock" 2>/dev/null || lock=
    else
      lock=
    fi
  fi
  if [ -n "$lock" ]; then printf '%s\n' $$ >"$lock/pid"; else part=$work/part; fi
}

size_of() { wc -c <"$1" | tr -d ' '; }

# Fetches the asset named by $line into $part, whole and with the right hash.
fetch_asset() {
  size=$(field size)
  sha256=$(field sha256)
  part=$downloads/$(field file)-$sha256.part
  claim_part
  large=yes
  for try in first again; do
    [ ! -f "$part" ] || [ "$(size_of "$part")" -le "$size" ] || rm -f "$part"
    began=0
    [ ! -f "$part" ] || began=$(size_of "$part")
    if [ "$began" != "$size" ]; then fetch "$(field file)" "$part"; fi
    if [ "$(sha256_of "$part")" = "$sha256" ]; then return 0; fi
    rm -f "$part"
    # What an earlier run left may be the reason.
    if [ "$try" = again ] || [ "$began" = 0 ]; then break; fi
  done
  die "$(field file) does not have the hash that the release names: it was changed on the way. Nothing was installed." \
    "try again, from another network or mirror"
}

unpack() {
  case $format in
    gz) gzip -dc <"$part" ;;
    zst) zstd -dcq --long=27 <"$part" ;;
    tar.gz) tar -xzOf "$part" ;;
  esac
}

# install_target <target>: downloads, verifies, tries and installs the program. Fails when it does not run here.
install_target() {
  line=
  for format in zst gz tar.gz; do
    if [ $format = zst ] && ! have zstd; then continue; fi
    line=$(grep "\"target\":\"$1\",\"format\":\"$format\"" "$work/release.json" || :)
    [ -z "$line" ] || break
  done
  [ -n "$line" ] || die "release $release_version has no program for $1" "choose another with --version"
  program_sha256=$(field program_sha256)
  if [ -x "$installed" ] && [ "$(sha256_of "$installed")" = "$program_sha256" ]; then
    say "harness-tracing $release_version is installed already."
    return 0
  fi
  case $format in
    gz) have gzip || die "gzip is missing" "install gzip" ;;
    tar.gz) have tar || die "tar is missing" "install tar" ;;
  esac
  check_space "$(field size)" "$(field program_size)"
  say "Downloading harness-tracing $release_version for $1 ($(($(field size) / 1048576)) MiB) from $base"
  fetch_asset
  new=$work/harness-tracing$extension
  unpack >"$new" || die "the program could not be unpacked to $downloads" "make room on that disk"
  [ "$(sha256_of "$new")" = "$program_sha256" ] || die "the unpacked program is damaged" "check the disk, then try again"
  chmod 755 "$new"
  prove "$1" || return 1
  rm -f "$part"
  swap
  say "Installed harness-tracing $release_version: $installed"
}

# Runs the new program. 1: its processor instructions are missing here.
prove() {
  code=0
  told=$("$new" --version 2>&1 </dev/null) || code=$?
  [ "$told" = "$release_version" ] && return 0
  if [ $code = 132 ] && [ "${1%-baseline}" = "$1" ]; then return 1; fi
  say "$told"
  case $told in
    *'libstdc++'* | *libgcc_s*) die "the program does not run without libstdc++" "apk add libstdc++ libgcc" ;;
    *GLIBC*) die "this system's C library is too old for the program" "use a system with glibc 2.28 or newer" ;;
    *'ermission denied'*) die "$root does not allow programs to run" "mount it without noexec" ;;
  esac
  die "the program for $1 does not run here (exit code $code). What was installed before is untouched." \
    "report it with the lines above: https://github.com/$repository/issues"
}

# Puts the new program in place in one step, so that a hook that starts meanwhile finds the old one or the new one.
swap() {
  if [ -f "$installed" ]; then
    if [ -n "$extension" ]; then
      # Windows does not replace a running program, but lets it be renamed.
      mv -f "$previous" "$previous.$$.old" 2>/dev/null || :
      rm -f "$previous".*.old 2>/dev/null || :
      mv -f "$installed" "$previous"
    else
      rm -f "$previous"
      ln "$installed" "$previous" 2>/dev/null || cp -p "$installed" "$previous"
    fi
  fi
  mv -f "$new" "$installed" || die "$installed could not be written" "check the owner of $bin"
}

# A folder of an installer that was killed.
clean_up_others() {
  for other in "$downloads"/work.*; do
    [ -d "$other" ] || continue
    kill -0 "${other##*.}" 2>/dev/null || rm -rf "$other"
  done
}

clean_up() {
  rm -rf "$work"
  if [ -n "$lock" ]; then rm -rf "$lock"; fi
  rmdir "$downloads" 2>/dev/null || :
}

get_program() {
  detect_target
  needs_sha256
  installed=$bin/harness-tracing$extension
  previous=$bin/harness-tracing.previous$extension
  if [ -n "$from" ]; then
    base=${from#file://}
    base=${base%/}
  elif [ -n "$version" ]; then
    base=$releases/download/v$version
  else
    base=$releases/latest/download
  fi
  work=$downloads/work.$$
  lock=
  (umask 077 && mkdir -p "$bin" "$work") 2>/dev/null ||
    die "$root cannot be written" "check the owner and the permissions of $HOME/.arize"
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  clean_up_others
  fetch_manifest
  # From here on this very release, whatever is published meanwhile.
  if [ "$base" = "$releases/latest/download" ]; then base=$releases/download/v$release_version; fi
  if ! install_target "$target"; then
    say "This processor lacks instructions of that program; trying the one for older processors."
    install_target "$target-baseline" || die "the program does not run on this processor" "report it: https://github.com/$repository/issues"
  fi
  clean_up
  trap - EXIT INT TERM HUP
}

# The program takes over. Behind a pipe its questions go to the terminal, if there is one.
hand_over() {
  if [ "$piped" = no ]; then exec "$installed" "$@"; fi
  if [ -t 1 ] && (: </dev/tty) 2>/dev/null; then exec "$installed" "$@" </dev/tty; fi
  exec "$installed" "$@" </dev/null
}

from_release() {
  if [ "$(id -u)" = 0 ] && [ -n "${SUDO_USER:-}" ] && [ "$SUDO_USER" != root ]; then
    die "this was started with sudo, but the program belongs to a user's own home" "run it without sudo"
  fi
  if [ "$piped" = yes ]; then
    for argument in "$@"; do
      case $argument in
        *-stdin) die "$argument cannot work while this script itself comes through stdin" \
          "save it first: curl -sSLO $installer_url && sh install.sh ..." ;;
      esac
    done
  fi
  case $1 in
    install) get_program ;;
    demo)
      # What is installed will do, unless another one is asked for.
      if [ ! -x "$installed" ] || [ -n "$version$from" ]; then get_program; fi
      ;;
    *)
      if ! is_command "$1"; then
        get_program
        set -- install "$@"
      else
        [ -x "$installed" ] || [ ! -x "$installed.exe" ] || installed=$installed.exe
        [ -x "$installed" ] || die "harness-tracing is not installed for this user" "install.sh claude installs it"
        if [ "$1" = update ]; then
          [ -z "$version" ] || set -- "$@" --version "$version"
          [ -z "$from" ] || set -- "$@" --from "$from"
        fi
      fi
      ;;
  esac
  hand_over "$@"
}

main() {
  version=${HARNESS_TRACING_VERSION:-}
  from=${HARNESS_TRACING_FROM:-}
  signature=required
  left=$#
  while [ "$left" -gt 0 ]; do
    argument=$1
    shift
    left=$((left - 1))
    case $argument in
      --from | --version)
        # Alone, --version is the program's own.
        if [ "$left" -eq 0 ] && [ "$argument" = --version ]; then
          set -- "$@" "$argument"
          continue
        fi
        [ "$left" -gt 0 ] || die "--from needs a folder or an address"
        if [ "$argument" = --from ]; then from=$1; else version=$1; fi
        shift
        left=$((left - 1))
        ;;
      --from=*) from=${argument#*=} ;;
      --version=*) version=${argument#*=} ;;
      --without-signature) signature=optional ;;
      *) set -- "$@" "$argument" ;;
    esac
  done
  version=${version#v}

  case ${1:-} in
    '' | -h | --help)
      usage
      [ $# -gt 0 ] && exit 0
      exit 2
      ;;
  esac
  [ -n "${HOME:-}" ] || die "HOME is not set: there is no place to install to" "set HOME to your home folder"
  root=$HOME/.arize/harness
  bin=$root/bin
  downloads=$root/downloads
  installed=$bin/harness-tracing
  extension=
  piped=no
  # With `sh install.sh` the script is a file; with `curl … | sh` the shell's own name stands here.
  case ${0##*/} in sh | bash | dash | ash | ksh | zsh | busybox | -*) piped=yes ;; esac

  if [ -z "$version$from" ] && find_clone; then from_clone "$@"; fi
  from_release "$@"
}

# The last line: what arrives only in part does nothing.
main "$@"
