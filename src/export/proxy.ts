/**
 * Which proxy a request takes. The rules are curl's, decided here and handed to `fetch` explicitly, because the runtime's
 * own reading of the environment would send requests for loopback through the proxy.
 */

type Environment = Readonly<Record<string, string | undefined>>;

/** The first variable that is set wins, lower case first; an empty value switches the proxy off. */
function firstSet(env: Environment, names: readonly string[]): string {
  for (const name of names) {
    const value = env[name];
    if (value !== undefined) return value.trim();
  }
  return "";
}

/** True for hosts that never leave the machine; `hostname` as `URL` gives it (IPv6 in brackets). */
export function isLoopback(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/\.$/, "");
  return (
    host === "localhost" ||
    host.endsWith(".localhost") ||
    /^127(\.\d{1,3}){3}$/.test(host) ||
    host === "0.0.0.0" ||
    host === "[::]" ||
    host === "[::1]" ||
    /^\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\]$/.test(host)
  );
}

function portOf(url: URL): string {
  return url.port || (url.protocol === "https:" ? "443" : "80");
}

/**
 * One `NO_PROXY` entry: `*`, a host, a suffix (`.corp.example`, `*.corp.example`), each with an optional `:port`.
 * A bare host covers its subdomains too.
 */
function covers(entry: string, url: URL): boolean {
  if (entry === "*") return true;
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(entry);
  // A bare IPv6 address has more than one colon.
  const name = match ? (match[1] ?? "") : `[${entry}]`;
  const port = match?.[2];
  if (port !== undefined && port !== portOf(url)) return false;
  const host = url.hostname.toLowerCase().replace(/\.$/, "");
  const bare = name
    .toLowerCase()
    .replace(/^\*?\./, "")
    .replace(/\.$/, "");
  return bare !== "" && (host === bare || host.endsWith(`.${bare}`));
}

/**
 * Proxy URL for a request to `url`, with its user-info; undefined = connect directly.
 * Reads `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` in either case. Loopback is never proxied.
 */
export function proxyFor(url: URL, env: Environment): string | undefined {
  if (isLoopback(url.hostname)) return undefined;
  const own = url.protocol === "https:" ? ["https_proxy", "HTTPS_PROXY"] : ["http_proxy", "HTTP_PROXY"];
  const proxy = firstSet(env, [...own, "all_proxy", "ALL_PROXY"]);
  if (!proxy) return undefined;
  const exceptions = firstSet(env, ["no_proxy", "NO_PROXY"]).split(/[\s,]+/);
  if (exceptions.some((entry) => entry !== "" && covers(entry, url))) return undefined;
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
}
