/** Which values are secrets and which only stand for one. */

// A reference to a secret, or a place for one: `$KEY`, `${KEY}`, `%KEY%`, `{{ key }}`, `{key}`, `<your-key>`, `[key]`.
const REFERENCE = /^(?:\$|%[A-Za-z_]+%$|\{[^}]*\}$|<[^>]*>?$|\[[^\]]*\]$|@|&|#\{)|\$\{|\$\(|\{\{/;
const CODE = /^(?:os|process|import|env|System|Deno|Bun|secrets|self|this|getenv|ENV)\b[.[/(]|^(?:vault:|op:\/\/)|[()]/;
const FILLER = /^[xX*•·.…#_-]+$|^0+$/;
const FILLED_TAIL = /(?:[xX]{4}|\*{3}|\.{3}|…)[xX*.…]*$/;
const YOUR = /^(?:your|my|the|some|insert|enter|replace|put|add|paste|fake|sample)[-_ ]/i;
const WORDS: ReadonlySet<string> = new Set(
  (
    "changeme change-me change_me example dummy none null nil undefined true false todo tbd redacted masked hidden " +
    "placeholder string str text number int integer bool boolean object array any unknown never void bytes optional " +
    "required secret password passwd passphrase token api-key api_key apikey key credential credentials yes no on off " +
    "unset empty bearer basic value default sensitive writeonly readonly varchar input"
  ).split(" "),
);

/** True when a value is no secret itself: a reference to one, a placeholder, a type name, a filler, a piece of code. */
export function isPlaceholder(value: string): boolean {
  return (
    WORDS.has(value.toLowerCase()) ||
    REFERENCE.test(value) ||
    CODE.test(value) ||
    FILLER.test(value) ||
    FILLED_TAIL.test(value) ||
    YOUR.test(value)
  );
}

/** True for a credential format whose random part is nothing but x, * or dots, as documentation writes it. */
export function isFilledFormat(value: string): boolean {
  return /[xX*.]{8}$/.test(value);
}

/** True when a value has digits or signs in places where words and identifiers have none. */
export function looksRandom(value: string): boolean {
  if (value.length < 6 || /^[0-9]+$/.test(value)) return false;
  // `token2`, `user_password`, `config.token`
  if (/^[A-Za-z_$][A-Za-z_$.-]*[0-9]{0,2}$/.test(value)) return false;
  return /[0-9!@#%^&*+=/~?]/.test(value);
}
